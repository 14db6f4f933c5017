import { kubeletApi } from '../lib/flows/kubelet/start.ts'

export const handler = kubeletApi()
