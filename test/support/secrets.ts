import { createSecrets } from '../../lib/aws/secrets.ts'
import type { SecretSettings } from '../../lib/config/secret.ts'

/** Where nothing is kept elsewhere. */
export const NOWHERE: SecretSettings = { aws: { endpoints: {} }, ttlMs: 0 }

/** Values that are themselves. */
export const plainSecrets = createSecrets(NOWHERE)
