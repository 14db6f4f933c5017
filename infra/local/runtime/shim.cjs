// Preloaded into every sandbox (`node -r shim.cjs aws-lambda-ric/index.mjs`). CommonJS, as only that can be preloaded
// before an ES module and put something in the place of a require.
//
// 1. Stands in for `rapid-client.node`, the native HTTP client that aws-lambda-ric would compile: the same four
//    functions over node:http. `done` and `error` return at once, as the native ones do for the runtime; `next` waits
//    for them, so that the host hears the answer before it is asked for more work.
// 2. Ends the process when the host is gone, also in the middle of an invocation: the host holds one more connection,
//    on which nothing is ever said.
// 3. Survives the Ctrl-C that a terminal sends to the host and its children alike: the host decides when they end.
const Module = require('node:module')
const http = require('node:http')
const net = require('node:net')

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const agent = new http.Agent({ keepAlive: true, maxSockets: 1, noDelay: true })

/** @returns {Promise<{bodyJson: string, headers: http.IncomingHttpHeaders}>} */
const call = (method, path, body, headers = {}) =>
  new Promise((resolve, reject) => {
    const request = http.request(
      { host, port, method, path: `/2018-06-01/runtime/${path}`, agent, headers },
      (answer) => {
        let bodyJson = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk) => {
          bodyJson += chunk
        })
        answer.on('end', () => resolve({ bodyJson, headers: answer.headers }))
      },
    )
    request.on('error', reject)
    request.end(body)
  })

let told = Promise.resolve()
const client = {
  initializeClient() {},
  next: () => told.then(() => call('GET', 'invocation/next')),
  done(id, body) {
    told = call('POST', `invocation/${id}/response`, body)
  },
  error(id, body) {
    told = call('POST', `invocation/${id}/error`, body)
  },
}

const load = Module._load
Module._load = (request, ...rest) => (request === './rapid-client.node' ? client : load(request, ...rest))

// Neither keeps an otherwise finished process alive nor outlives the host.
net
  .connect(Number(port), host)
  .on('error', () => process.exit(1))
  .on('close', () => process.exit(1))
  .unref()

process.on('SIGINT', () => {})
