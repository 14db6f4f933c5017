import { describeWorkloads } from './workloads.ts'

describeWorkloads('virtual-node')
