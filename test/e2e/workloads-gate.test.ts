import { describeWorkloads } from './workloads.ts'

describeWorkloads('gate')
