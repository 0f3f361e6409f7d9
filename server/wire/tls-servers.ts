import { constants } from 'node:crypto';
import tls, { type SecureContext, type TlsOptions } from 'node:tls';
import type { TlsPlan } from '../faults/plans.ts';
import type { Lane } from '../lane.ts';
import { openSsl } from '../openssl.ts';
import { selectProtocol } from '../rules/alpn.ts';
import { issueBad } from './bad-certificates.ts';
import type { CertificateAuthority, Leaf } from './certificates.ts';
import type { GateSetting } from './gate.ts';

/** How many ways of shaking hands are kept ready; the one made first makes room, and is made anew when it is wanted again. */
const MAX_PLANNED_SERVERS = 256;

/** openssl/ssl.h. Against replays OpenSSL would keep the sessions that allow early data in a cache, which Node has switched off. */
const SSL_OP_NO_ANTI_REPLAY = 2 ** 24;

/** HTTP/2 forbids a second handshake (RFC 9113, section 9.2.1), and Node answers one also when it has said its last word. */
const SECURE_OPTIONS = constants.SSL_OP_NO_RENEGOTIATION;

const BOTH = ['h2', 'http/1.1'] as const;

/** What TLS servers are made of. */
export interface TlsSetting {
  readonly lane: Lane;
  /** What the port is for: the storage lets every client choose its HTTP version, whatever the scenario says. */
  readonly of: GateSetting['of'];
  readonly authority: CertificateAuthority;
  /** What every certificate covers beside localhost. */
  readonly names: readonly string[];
  /** What ordinary connections are shown, unless they ask for another name. */
  readonly leaf: Leaf;
  /** Listens to each server that is made. */
  readonly attend: (server: tls.Server) => void;
}

/**
 * The TLS servers behind one port. Ordinary connections share one. A handshake that a fault wants otherwise gets a server
 * of its own: version, certificate, ALPN and tickets belong to OpenSSL's context, and SNICallback, which could choose a
 * context per connection, comes too late for the first of these and not at all to a client without SNI.
 */
export class TlsServers {
  readonly ordinary: tls.Server;
  readonly #setting: TlsSetting;
  readonly #planned = new Map<string, Promise<tls.Server>>();

  constructor(setting: TlsSetting) {
    const { lane, authority, leaf } = setting;
    this.#setting = setting;
    this.ordinary = this.#make({
      ...leaf,
      ALPNCallback: this.#selectAlpn,
      SNICallback: (name, done) => {
        authority.contextFor(name, lane.clock.wallNow()).then((context) => done(null, context), done);
      },
    });
  }

  /** The server that shakes hands as planned: the same for the same plan and server name, as its tickets are good for no other. */
  planned(plan: TlsPlan, serverName: string | undefined): Promise<tls.Server> {
    const key = JSON.stringify([plan, serverName]);
    const known = this.#planned.get(key);
    if (known) return known;
    const [oldest] = this.#planned.size >= MAX_PLANNED_SERVERS ? this.#planned.keys() : [];
    if (oldest !== undefined) this.#planned.delete(oldest);
    const server = this.#makePlanned(plan, serverName);
    this.#planned.set(key, server);
    return server;
  }

  async #makePlanned(plan: TlsPlan, serverName: string | undefined): Promise<tls.Server> {
    const { version, certificate, alpn, tickets } = plan;
    const { authority, lane } = this.#setting;
    const names = [...this.#setting.names, ...(serverName === undefined ? [] : [serverName])];
    const now = lane.clock.wallNow();
    const leaf = await (certificate ? issueBad(authority, certificate, now, names) : authority.issue(now, ...names));
    const server = this.#make({
      ...leaf,
      ...(alpn === undefined && { ALPNCallback: this.#selectAlpn }),
      ...(version && { minVersion: version, maxVersion: version }),
      secureOptions: SECURE_OPTIONS | SSL_OP_NO_ANTI_REPLAY | (tickets === false ? constants.SSL_OP_NO_TICKET : 0),
    });
    tune(server, plan);
    return server;
  }

  #make(options: TlsOptions): tls.Server {
    const server = tls.createServer({ minVersion: 'TLSv1.2', secureOptions: SECURE_OPTIONS, ...options });
    this.#setting.attend(server);
    return server;
  }

  // The scenario may change while the server runs.
  readonly #selectAlpn = ({ protocols }: { readonly protocols: readonly string[] }) =>
    selectProtocol(protocols, this.#setting.of === 'storage' ? BOTH : this.#setting.lane.service.alpn.offer);
}

/** Sets what node:tls has no options for. */
function tune(server: tls.Server, { alpn, tickets, earlyDataBytes }: TlsPlan): void {
  // The one context that Node makes of a server's options.
  const { _sharedCreds: context } = server as tls.Server & { readonly _sharedCreds: SecureContext };
  if (typeof alpn === 'string') openSsl().answerAlpn(context, alpn);
  if (tickets === false) openSsl().setTicketCount(context, 0);
  if (earlyDataBytes !== undefined) openSsl().permitEarlyData(context, earlyDataBytes);
}
