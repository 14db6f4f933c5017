import type { Context } from '../../lib/kinds/kind.ts'
import { networks } from './networks.ts'

/** What forges know of namespace `shop` of rome, copied to milan as `shop-rome`, with nothing configured. */
export const shopContext: Context = {
  home: 'rome',
  remote: 'milan',
  homeNamespace: 'shop',
  remoteNamespace: 'shop-rome',
  reflection: 'DenyList',
  labelsNotReflected: [],
  annotationsNotReflected: [],
  remoteLabels: {},
  networks: networks(),
}
