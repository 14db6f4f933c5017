import { resolve } from 'node:path'

/**
 * What serverless.yml asks for with `${file(infra/stack/osls.js):<name>}`. Of code osls takes JavaScript only: this
 * file, which Node reads the TypeScript beside it with. It is loaded late, as osls requires this file and cannot wait
 * for a module. The settings are those of the stage, or of the file that `--param settings=<file>` names.
 */
async function settings({ resolveVariable }) {
  const { readSettings, settingsFile } = await import('./settings.ts')
  const given = await resolveVariable("param:settings, ''")
  return readSettings(given === '' ? settingsFile(await resolveVariable('sls:stage')) : resolve(given))
}

async function stack(osls) {
  const { stackOf } = await import('./stack.ts')
  return stackOf(await settings(osls))
}

export const region = async (osls) => (await settings(osls)).region
export const functions = async (osls) => (await stack(osls)).functions
export const resources = async (osls) => (await stack(osls)).resources
