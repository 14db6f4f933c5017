import { stringify } from 'yaml'

/** Documents for `kubectl apply -f -`. */
export function toYaml(objects: readonly object[]): string {
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n')
}
