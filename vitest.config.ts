import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{functions,lib,infra,test}/**/*.test.ts'],
          exclude: ['test/{e2e,network,rehearsal}/**', 'infra/controlplane/cluster.test.ts', '**/*.real.test.ts'],
          // Ends what hangs; a loaded machine is no failure.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'infra/controlplane/cluster.test.ts', '**/*.real.test.ts'],
          // Each file has control planes of its own, and waits more than it works.
          maxWorkers: 2,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'network',
          include: ['test/network/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'rehearsal',
          include: ['test/rehearsal/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})
