import { describe, expect, test } from 'vitest';
import { compileMatch, explainMatch } from './match.ts';
import type { Facts, Hook, Match } from './scenario.ts';

const poll: Facts = {
  method: 'GET',
  path: '/api/v3/contents/generations/tasks/cgt-1',
  protocol: 'h2',
  headers: { 'user-agent': 'python-httpx/0.28', 'set-cookie': ['a=1', 'b=2'] },
  status: 200,
};

test.each<[string, Match, Facts]>([
  ['nothing', {}, {}],
  ['a method, in any case', { method: 'get' }, poll],
  ['one of several methods', { method: ['POST', 'GET'] }, poll],
  ['a path', { path: '/api/v3/contents/generations/tasks/:id' }, poll],
  ['a header, its name in any case', { headers: { 'User-Agent': 'python-httpx/*' } }, poll],
  ['one of several values of a header', { headers: { 'set-cookie': 'b=*' } }, poll],
  ['a protocol', { protocol: 'h2' }, poll],
  ['a status', { status: 200 }, poll],
  ['a status in words', { status: 'succeed*' }, { status: 'succeeded' }],
  ['an address', { remote: '127.0.0.*' }, { remote: '127.0.0.1' }],
  ['a server name, in any case', { serverName: '*.Example.com' }, { serverName: 'API.example.com' }],
  ['a protocol offered', { alpn: 'h2' }, { alpn: ['http/1.1', 'h2'] }],
  ['a model', { model: '*-fast-*' }, { model: 'doubao-seedance-2-0-fast-260128' }],
  ['a prompt', { prompt: '*lighthouse*' }, { prompt: 'A lighthouse at dusk.' }],
  ['a name', { name: 'api.*' }, { name: 'api.example.com' }],
])('%s fits', (_, match, facts) => expect(compileMatch(match)(facts)).toBe(true));

test.each<[string, Match, Facts]>([
  ['another method', { method: 'POST' }, poll],
  ['another path', { path: '/api/v3/contents/generations/tasks' }, poll],
  ['another header', { headers: { 'user-agent': 'curl/*' } }, poll],
  ['a header that was not sent', { headers: { 'x-test': '*' } }, poll],
  ['one of two that does not hold', { method: 'GET', protocol: 'http/1.1' }, poll],
  ['another status', { status: 500 }, poll],
  ['a client without ALPN', { alpn: '*' }, { alpn: null }],
  ['what is not known', { method: 'GET', remote: '*' }, {}],
])('%s does not fit', (_, match, facts) => expect(compileMatch(match)(facts)).toBe(false));

describe('in words', () => {
  test.each<[Hook, Match, string]>([
    ['request', {}, 'request'],
    ['request', { method: 'get', path: '/tasks/:id' }, 'GET /tasks/:id'],
    ['request', { path: '/tasks/:id' }, 'request to /tasks/:id'],
    ['request', { method: ['GET', 'HEAD'], headers: { 'X-A': 'b*' } }, 'GET or HEAD with x-a: b*'],
    ['response', { method: 'POST', status: 200, protocol: 'h2' }, 'answer 200 to POST over h2'],
    ['response', {}, 'answer to request'],
    ['accept', { remote: '10.*' }, 'connection from 10.*'],
    ['client-hello', { serverName: 'a.b', alpn: 'h2' }, 'ClientHello for a.b offering h2'],
    ['task', { model: 'm', prompt: '*cat*' }, 'task of m saying "*cat*"'],
    ['callback', { status: 'failed' }, 'callback of status failed'],
    ['dns', { name: 'a.b' }, 'DNS query for a.b'],
  ])('on %s, %o is "%s"', (hook, match, words) => expect(explainMatch(hook, match)).toBe(words));
});
