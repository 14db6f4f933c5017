// Preloaded into osls and whatever it starts (NODE_OPTIONS): a connection to anywhere else ends the process.
const net = require('node:net')

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  const [first] = Array.isArray(args[0]) ? args[0] : args
  const host = typeof first === 'object' ? (first.path ? '127.0.0.1' : first.host) : args[1]
  if (!['127.0.0.1', '::1', 'localhost'].includes(host ?? 'localhost')) {
    process.stderr.write(`a connection to ${host} was tried, where nothing but loopback is allowed\n`)
    process.exit(97)
  }
  return connect.apply(this, args)
}
