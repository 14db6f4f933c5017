/**
 * A small program for one end of a connection, run in a namespace:
 * `serve PORT…` answers each connection with "<client's address> <own address>" and ends it;
 * `sink PORT` takes what comes, and says how many bytes it has of how many connections, a line each time;
 * `ask HOST PORT [SOURCE]` prints what a server answers;
 * `pour HOST PORT` sends until it is ended;
 * `relay PORT SOCKET` carries connections to a unix socket.
 */
import { connect, createServer, type Socket } from 'node:net'

const [mode, ...args] = process.argv.slice(2)

const modes: Record<string, () => void> = {
  serve() {
    for (const port of args) {
      createServer((socket) => {
        socket.on('error', () => {})
        socket.end(`${socket.remoteAddress} ${socket.localAddress}`)
      }).listen(Number(port), '0.0.0.0', ready)
    }
  },
  sink() {
    let bytes = 0
    let connections = 0
    createServer((socket) => {
      connections++
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        bytes += chunk.length
      })
    }).listen(Number(args[0]), '0.0.0.0', ready)
    setInterval(() => process.stdout.write(`${bytes} ${connections}\n`), 50)
  },
  ask() {
    const [host, port, localAddress] = args
    const socket = connect({ host, port: Number(port), localAddress })
    socket.setTimeout(3000, () => socket.destroy(new Error('no answer')))
    socket.on('error', fail)
    socket.pipe(process.stdout)
  },
  pour() {
    const socket = connect({ host: args[0], port: Number(args[1]) })
    const chunk = Buffer.alloc(1 << 14)
    const more = () => {
      while (socket.write(chunk));
    }
    socket.on('connect', more).on('drain', more).on('error', fail)
  },
  relay() {
    createServer((near) => {
      const far = connect(args[1]!)
      tie(near, far)
      tie(far, near)
    }).listen(Number(args[0]), '127.0.0.1', ready)
  },
}

function tie(from: Socket, to: Socket): void {
  from.pipe(to)
  from.on('error', () => to.destroy())
  from.on('close', () => to.destroy())
}

function ready(): void {
  process.stdout.write('ready\n')
}

function fail(error: Error): void {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

modes[mode ?? '']!()
