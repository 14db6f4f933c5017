/** Where the programs of a control plane are: those of KUBEBUILDER_ASSETS, else the ones built here. */
import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from './build.ts'

const required = ['etcd', 'kube-apiserver', 'kubectl'] as const
const optional = ['kube-controller-manager', 'kube-scheduler', 'kwok'] as const

export type Program = (typeof required)[number] | (typeof optional)[number]

export interface Assets {
  folder: string
  /** The programs that the folder lacks; only of those a control plane can do without. */
  missing: Program[]
}

/** KUBEBUILDER_ASSETS names no complete set of programs. */
export class AssetsError extends Error {
  override name = 'AssetsError'
}

/**
 * Finds the programs, building them if need be (minutes, with progress on stderr).
 * @throws AssetsError naming the file that KUBEBUILDER_ASSETS lacks; GoError where nothing can be built.
 */
export const findAssets = async (env: NodeJS.ProcessEnv = process.env): Promise<Assets> => {
  const folder = env.KUBEBUILDER_ASSETS
  if (!folder) return { folder: await build(), missing: [] }
  for (const program of required)
    if (!(await isExecutable(join(folder, program))))
      throw new AssetsError(
        `KUBEBUILDER_ASSETS is set, but ${join(folder, program)} is no executable file: put ${required.join(', ')} there, or unset KUBEBUILDER_ASSETS to have them built.`,
      )
  const missing: Program[] = []
  for (const program of optional) if (!(await isExecutable(join(folder, program)))) missing.push(program)
  return { folder, missing }
}

/** A kubectl to call, as `[command, leading arguments]`. Fails as `findAssets` does. */
export const kubectlCommand = async (): Promise<[string, string[]]> => [
  join((await findAssets()).folder, 'kubectl'),
  [],
]

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
