import type { Prices } from './usage.ts'

/** List prices of US East (N. Virginia), without free tiers and discounts; other regions are up to a quarter dearer. */
export const PRICES: Prices = {
  events: {
    usd: 1,
    per: 1e6,
    unit: 'million custom events',
    source: 'https://cloudburn.io/blog/amazon-eventbridge-pricing',
    date: '2026-03-13',
  },
  invocations: {
    usd: 0.2,
    per: 1e6,
    unit: 'million requests',
    source: 'https://docs.aws.amazon.com/whitepapers/latest/how-aws-pricing-works/lambda.html',
    date: 'read 2026-11-23',
  },
  gbSeconds: {
    usd: 0.0000133334,
    per: 1,
    unit: 'GB-second, arm64',
    source: 'https://cloudchipr.com/blog/aws-lambda-pricing',
    date: '2024, read 2026-11-23',
  },
  schedules: {
    usd: 1,
    per: 1e6,
    unit: 'million invocations by EventBridge Scheduler',
    source: 'https://cloudburn.io/blog/amazon-eventbridge-pricing',
    date: '2026-03-13',
  },
  queueRequests: {
    usd: 0.4,
    per: 1e6,
    unit: 'million requests of a standard queue',
    source: 'https://www.factualminds.com/blog/amazon-sqs-pricing-64kb-rule-fifo-vs-standard/',
    date: 'read 2026-11-23',
  },
  logBytes: {
    usd: 0.5,
    per: 2 ** 30,
    unit: 'GB of logs taken in',
    source: 'https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards.md',
    date: '2026-06-13',
  },
}
