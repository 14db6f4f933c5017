import { webhookSettings } from '../lib/config.ts'
import { triggersOf } from '../lib/event/triggers.ts'
import { webhook } from '../lib/event/webhook.ts'
import { namespace } from '../lib/flows/namespace/kind.ts'
import { NETWORK_TRIGGERS } from '../lib/flows/network/triggers.ts'
import { serviceaccount } from '../lib/flows/serviceaccount/kind.ts'
import { KINDS } from '../lib/kinds/index.ts'

const settings = webhookSettings()
const kinds = [...KINDS, namespace, ...(settings.serviceAccounts ? [serviceaccount] : [])]
const triggers = [...triggersOf(kinds), ...(settings.internal ? NETWORK_TRIGGERS : [])]

export const handler = webhook({ ...settings, triggers })
