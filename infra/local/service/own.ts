import { join } from 'node:path'
import type { Env } from '../../../lib/config/reader.ts'
import { type StackOptions, stackOf } from '../../stack/stack.ts'
import { ROOT } from '../root.ts'
import { readService, type Service } from './read.ts'

/**
 * The project's own serverless.yml, as a stage that is told this environment.
 * @param options what else the stage is told
 */
export function readOwnService(environment: Env, options: Omit<StackOptions, 'environment'> = {}): Promise<Service> {
  const generated = { region: 'eu-west-1', ...stackOf({ environment, kubelet: 'local', ...options }) }
  return readService(join(ROOT, 'serverless.yml'), { stage: 'local', generated })
}
