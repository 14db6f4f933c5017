import { webhookSettings } from '../lib/config.ts'
import { triggersOf } from '../lib/event/triggers.ts'
import { webhook } from '../lib/event/webhook.ts'
import { namespace } from '../lib/flows/namespace/kind.ts'
import { serviceaccount } from '../lib/flows/serviceaccount/kind.ts'
import { KINDS } from '../lib/kinds/index.ts'

const settings = webhookSettings()
const kinds = [...KINDS, namespace, ...(settings.serviceAccounts ? [serviceaccount] : [])]

export const handler = webhook({ ...settings, triggers: triggersOf(kinds) })
