import type { AwsService } from './settings.ts'

/** Where the partitions of AWS differ from `amazonaws.com`, by the beginning of the region. */
const SUFFIXES = {
  'cn-': 'amazonaws.com.cn',
  'eusc-': 'amazonaws.eu',
  'us-iso-': 'c2s.ic.gov',
  'us-isob-': 'sc2s.sgov.gov',
  'us-isof-': 'csp.hci.ic.gov',
  'eu-isoe-': 'cloud.adc-e.uk',
}

/** Regional endpoint of a service, e.g. `sts.eu-west-1.amazonaws.com`. */
export function hostOf(service: AwsService | 'sts', region: string): string {
  const [, suffix = 'amazonaws.com'] = Object.entries(SUFFIXES).find(([start]) => region.startsWith(start)) ?? []
  return `${service}.${region}.${suffix}`
}
