import { parseAllDocuments, stringify } from 'yaml'
import type { KubeObject } from '../../lib/cluster/port.ts'

/** Documents for `kubectl apply -f -`. */
export function toYaml(objects: readonly object[]): string {
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n')
}

/** The objects of a file with one or more of them. */
export function toObjects(text: string): KubeObject[] {
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject)
}
