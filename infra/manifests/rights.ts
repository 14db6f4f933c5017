import type { KubeObject } from '../../lib/cluster/port.ts'
import { ACCOUNTS_NAMESPACE } from '../../lib/cluster/resources.ts'
import { managed } from '../../lib/flows/network/names.ts'
import { GROUP, type Rule } from '../rbac.ts'
import { ACTING, groupOf, resourceOf, rightsOf, type Use } from '../rights.ts'

export interface RightsOptions {
  use: Use
  /** ServiceAccounts and tokens of them; otherwise who the functions are is told by groups (certificates, EKS). */
  accounts: boolean
}

const RBAC = 'rbac.authorization.k8s.io'

/**
 * A role for each function with what it does in the cluster, bound to its group (`heliograph:<function>`), to its
 * ServiceAccount, and to the group of those who may do what all of them may (`heliograph`).
 */
export function rightsObjects({ use, accounts }: RightsOptions): KubeObject[] {
  const acting = actingIn(use)
  return [
    ...(accounts ? [accountsNamespace(), ...acting.flatMap(accountOf)] : []),
    ...acting.flatMap((fn) => {
      const places = Map.groupBy(rightsOf(fn, use), ({ namespace }) => namespace)
      return [...places].flatMap(([namespace, rules]) => granted(fn, rules, accounts, namespace))
    }),
  ]
}

/** The functions that have a business in the cluster. */
export function actingIn(use: Use): string[] {
  return ACTING.filter((fn) => rightsOf(fn, use).length > 0)
}

/** A role and its binding. @param namespace where it holds; absent: in the whole cluster */
function granted(fn: string, rules: readonly Rule[], accounts: boolean, namespace?: string): KubeObject[] {
  const scope = namespace === undefined ? 'Cluster' : ''
  const metadata = { name: `heliograph-${fn}`, ...(namespace !== undefined && { namespace }), labels: managed() }
  const group = (name: string) => ({ apiGroup: RBAC, kind: 'Group', name })
  const account = { kind: 'ServiceAccount', name: fn, namespace: ACCOUNTS_NAMESPACE }
  return [
    {
      apiVersion: `${RBAC}/v1`,
      kind: `${scope}Role`,
      metadata,
      rules: rules.map((rule) => ({
        apiGroups: [rule.resource.group],
        resources: [resourceOf(rule)],
        ...(rule.names && { resourceNames: rule.names }),
        verbs: rule.verbs,
      })),
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: `${scope}RoleBinding`,
      metadata,
      roleRef: { apiGroup: RBAC, kind: `${scope}Role`, name: metadata.name },
      subjects: [group(GROUP), group(groupOf(fn)), ...(accounts ? [account] : [])],
    },
  ]
}

function accountsNamespace(): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ACCOUNTS_NAMESPACE, labels: managed() } }
}

/** The token is one that stays until its Secret is deleted: what `kubectl create token` gives lasts hours. */
function accountOf(fn: string): KubeObject[] {
  const metadata = { name: fn, namespace: ACCOUNTS_NAMESPACE, labels: managed() }
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, annotations: { 'kubernetes.io/service-account.name': fn } },
      type: 'kubernetes.io/service-account-token',
    },
  ]
}
