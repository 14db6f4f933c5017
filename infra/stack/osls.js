import { resolve } from 'node:path'
import { readSettings, settingsFile } from './settings.ts'
import { stackOf } from './stack.ts'

/**
 * What serverless.yml asks for with `${file(infra/stack/osls.js):<name>}`. Of code osls takes JavaScript only: this
 * file, which Node reads the TypeScript beside it with. The settings are those of the stage, or of the file that
 * `--param settings=<file>` names.
 */
const settings = async ({ resolveVariable }) => {
  const given = await resolveVariable("param:settings, ''")
  return readSettings(given === '' ? settingsFile(await resolveVariable('sls:stage')) : resolve(given))
}

export const region = async (osls) => (await settings(osls)).region
export const functions = async (osls) => stackOf(await settings(osls)).functions
export const resources = async (osls) => stackOf(await settings(osls)).resources
