import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Licence texts of packages that come without one, as their repositories have it: `@middy+core.txt`. */
const MISSING = join(import.meta.dirname, 'licences')

interface Package {
  /** e.g. `zod 4.6.7 (MIT)` */
  title: string
  /** Licence and notices in full. */
  text: string
}

/**
 * Whose code is in a bundle: each package with its version, under its licence in full; packages of one licence text
 * together.
 * @param folders absolute paths of packages
 * @throws Error when a package has no licence text
 */
export async function licenceNotices(folders: readonly string[]): Promise<string> {
  const packages = await Promise.all(folders.map(read))
  const sorted = packages.toSorted((a, b) => (a.title < b.title ? -1 : 1))
  const sections = Map.groupBy(sorted, ({ text }) => text)
  const texts = [...sections].map(([text, under]) => {
    const titles = [...new Set(under.map(({ title }) => title))]
    return `${titles.join('\n')}\n\n${text}\n`
  })
  return ['This function contains code of the following packages.\n', ...texts].join(`\n${'-'.repeat(80)}\n\n`)
}

async function read(folder: string): Promise<Package> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice)(-\w+)?(\.(md|txt))?$/i.test(file)).sort()
  const texts = files.length > 0 ? files.map((file) => join(folder, file)) : [join(MISSING, missingName(name))]
  const text = await Promise.all(texts.map((file) => readFile(file, 'utf8'))).catch((cause) => {
    const remedy = `put the one of its repository into infra/bundle/licences/${missingName(name)}`
    throw new Error(`the package ${name} ${version} comes without a licence text: ${remedy}`, { cause })
  })
  return { title: `${name} ${version} (${license})`, text: text.map(tidy).join('\n\n') }
}

const missingName = (name: string) => `${name.replaceAll('/', '+')}.txt`

const tidy = (text: string) => text.replaceAll('\r\n', '\n').trim()
