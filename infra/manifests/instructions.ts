import { ACCOUNTS_NAMESPACE } from '../../lib/cluster/resources.ts'
import { clusterPrefix } from '../../lib/config/reader.ts'
import { groupOf } from '../rights.ts'
import { apiServerFlags } from './api-server.ts'
import type { ManifestOptions } from './options.ts'
import { actingIn } from './rights.ts'

/** What a person does besides `kubectl apply`, in Markdown. */
export function instructions({ id, use, config, events, path }: ManifestOptions): string {
  const cluster = config.clusters.find((one) => one.id === id)!
  const functions = actingIn(use)
  return [
    `# Cluster ${id}`,
    ...(events === 'audit' ? [apiServer(path)] : []),
    'eks' in cluster.access ? accessEntries(cluster.access.eks, functions) : accounts(id, functions),
    ...(cluster.eksName === undefined ? [] : [auditLog(cluster.eksName)]),
  ].join('\n\n')
}

function apiServer(path: string): string {
  return `## API server

Copy the other files of this folder to \`${path}\` where kube-apiserver runs (on kubeadm: mount the folder into its Pod),
readable by it alone, as they hold its token, and give it these flags:

${block(apiServerFlags(path).join('\n'))}`
}

function accounts(id: string, functions: readonly string[]): string {
  const prefix = clusterPrefix(id)
  return `## Credentials

Each function has a ServiceAccount in the namespace \`${ACCOUNTS_NAMESPACE}\`, and the Secret of the same name holds its token until the
Secret is deleted. To keep each where only its function may read it:

${block(`for function in ${functions.join(' ')}; do
  token=$(kubectl -n ${ACCOUNTS_NAMESPACE} get secret "$function" -o jsonpath='{.data.token}' | base64 -d)
  name="heliograph/${id}/$function"
  aws secretsmanager create-secret --name "$name" --secret-string "{\\"token\\":\\"$token\\"}" ||
    aws secretsmanager put-secret-value --secret-id "$name" --secret-string "{\\"token\\":\\"$token\\"}"
done`)}

and in the settings of the stage:

${block(`${prefix}SERVER: https://…
${prefix}CA: …
${prefix}TOKEN: secretsmanager:heliograph/${id}/{function}#token`)}

To rotate one, delete its Secret in the cluster, apply the manifests again, and run the lines above for it: running functions
take the new one up. One credential for all functions is a client certificate of the group \`heliograph\`.`
}

function accessEntries({ name, region }: { name: string; region: string }, functions: readonly string[]): string {
  return `## Credentials

The functions sign their own tokens with their roles, which access entries let in. In the account and region of the functions
the stack makes them: \`accessEntries\` in the settings of the stage. Elsewhere, with the roles' ARNs:

${block(`for function in ${functions.join(' ')}; do
  role=$(aws cloudformation describe-stack-resource --stack-name heliograph-STAGE --query StackResourceDetail.PhysicalResourceId \\
    --output text --logical-resource-id "\${function^}Role")
  aws eks create-access-entry --region ${region} --cluster-name ${name} --type STANDARD \\
    --principal-arn "arn:aws:iam::ACCOUNT:role/$role" --kubernetes-groups "${groupOf('$function')}"
done`)}`
}

function auditLog(eksName: string): string {
  return `## Audit log

Delivered within minutes, and so no more than what sweeps find too. The control-plane log type \`audit\` has to be on; in the
account and region of the functions the stack subscribes to it: \`auditLogs\` in the settings of the stage. The log group is
\`/aws/eks/${eksName}/cluster\`, the destination the function \`webhook\`, which \`logs.amazonaws.com\` has to be allowed to invoke.`
}

const block = (text: string) => `\`\`\`sh\n${text}\n\`\`\``
