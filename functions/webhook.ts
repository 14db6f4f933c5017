import { webhookSettings } from '../lib/config.ts'
import { triggersOf } from '../lib/event/triggers.ts'
import { webhook } from '../lib/event/webhook.ts'
import { namespace } from '../lib/flows/namespace/kind.ts'
import { KINDS } from '../lib/kinds/index.ts'

export const handler = webhook({ ...webhookSettings(), triggers: triggersOf([...KINDS, namespace]) })
