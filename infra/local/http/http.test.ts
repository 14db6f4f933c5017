import { expect, test } from 'vitest'
import { toAnswer } from './answer.ts'
import { matchRoute } from './routes.ts'

const answers = [
  { name: 'an object without a status is the body', payload: '{"a":1}', want: [200, '{"a":1}'] },
  { name: 'a text too', payload: '"hi"', want: [200, 'hi'] },
  { name: 'nothing', payload: 'null', want: [200, 'null'] },
  { name: 'a status alone', payload: '{"statusCode":204}', want: [204, ''] },
  { name: 'base64', payload: '{"statusCode":200,"body":"aGk=","isBase64Encoded":true}', want: [200, 'hi'] },
  { name: 'a status that is none', payload: '{"statusCode":"ok"}', want: [502, 'Internal Server Error'] },
  { name: 'no JSON', payload: 'data: 1', want: [502, 'Internal Server Error'] },
  { name: 'a body that is no text', payload: '{"statusCode":200,"body":{}}', want: [502, 'Internal Server Error'] },
]

test.each(answers)('$name', ({ payload, want }) => {
  const { status, body } = toAnswer(payload, 'url')
  expect([status, body.toString()]).toEqual(want)
})

test('headers and cookies of the function', () => {
  const payload = JSON.stringify({
    statusCode: 201,
    headers: { 'Content-Type': 'text/plain', 'X-N': 1 },
    cookies: ['a=1', 'b=2'],
  })
  expect(toAnswer(payload, 'httpApi').headers).toEqual({
    'content-type': 'text/plain',
    'x-n': '1',
    'set-cookie': ['a=1', 'b=2'],
  })
})

const routes = ['$default', 'ANY /{proxy+}', 'POST /audit/{cluster}', 'ANY /audit/rome', 'GET /'].map((key) => ({
  key,
  target: key,
}))

test.each([
  { method: 'POST', path: '/audit/milan', want: 'POST /audit/{cluster}' },
  { method: 'POST', path: '/audit/rome', want: 'ANY /audit/rome' },
  { method: 'GET', path: '/audit/milan', want: 'ANY /{proxy+}' },
  { method: 'GET', path: '/', want: 'GET /' },
])('$method $path takes $want', ({ method, path, want }) => {
  expect(matchRoute(routes, method, path)?.key).toBe(want)
})

test('no route', () => {
  expect(matchRoute([{ key: 'GET /a', target: 'f' }], 'POST', '/a')).toBeUndefined()
})
