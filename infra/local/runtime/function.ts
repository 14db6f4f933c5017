/** What a function is to the runtime: code, limits and environment. */
export interface FunctionConfig {
  /** Short name, as in serverless.yml. */
  name: string
  /** `arn:aws:lambda:<region>:<account>:function:<name on AWS>` */
  arn: string
  /** Absolute path of the unpacked package. */
  dir: string
  /** `file.export`, relative to `dir`. */
  handler: string
  /** MB. */
  memory: number
  /** Longest invocation, in ms. */
  timeout: number
  /** Longest start, in ms. Lambda gives 10 s; a busy laptop deserves more. */
  initTimeout: number
  /** Most sandboxes at a time; what comes beyond waits. */
  sandboxes: number
  /** Reserved concurrency: most invocations at a time; what comes beyond is not taken. */
  reserved?: number
  /** An idle sandbox ends after this long, in ms. */
  idle: number
  environment: Record<string, string>
}
