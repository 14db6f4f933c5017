import { clusterContract } from './cluster-contract.ts'
import { httpWorld } from './http-world.ts'

clusterContract('real API server', httpWorld)
