import { expect, test } from 'vitest'
import { logger } from './log.ts'
import { embedded, measureIn } from './metrics.ts'

test('metrics in the form that CloudWatch reads from a log', () => {
  expect(
    embedded('heliograph-prod-sweep', 'rome:milan', { DriftFound: 2, OldestUnsynced: 90 }, 1_700_000_000_000),
  ).toEqual({
    _aws: {
      Timestamp: 1_700_000_000_000,
      CloudWatchMetrics: [
        {
          Namespace: 'Heliograph',
          Dimensions: [['FunctionName'], ['FunctionName', 'Peering']],
          Metrics: [
            { Name: 'DriftFound', Unit: 'Count' },
            { Name: 'OldestUnsynced', Unit: 'Seconds' },
          ],
        },
      ],
    },
    FunctionName: 'heliograph-prod-sweep',
    Peering: 'rome:milan',
    DriftFound: 2,
    OldestUnsynced: 90,
  })
})

test.each([
  { level: 'error' as const, want: 1 },
  { level: 'silent' as const, want: 0 },
])('they are no matter of the level, but for $level: $want line(s)', ({ level, want }) => {
  const lines: string[] = []
  const log = logger(level, (line) => lines.push(line)).with({ function: 'sweep' })
  measureIn(log, 'heliograph-prod-sweep')('rome:milan', { TokenRefreshLate: 0 })
  expect(lines).toHaveLength(want)
  for (const line of lines) {
    const { time, _aws, ...fields } = JSON.parse(line)
    expect(_aws.Timestamp).toBe(Date.parse(time))
    expect(fields).toEqual({
      level: 'info',
      msg: 'metrics',
      function: 'sweep',
      FunctionName: 'heliograph-prod-sweep',
      Peering: 'rome:milan',
      TokenRefreshLate: 0,
    })
  }
})
