import type { IncomingHttpHeaders } from 'node:http';
import type { Lane } from '../lane.ts';
import type { Exchange } from './exchange.ts';
import type { Listener } from './listener.ts';

/** Finds the lane that a client means, behind a port that several share. */
export interface Directory {
  /** Where a connection whose ClientHello has this server name goes; `gone` where its lane is over, nothing where it stays. */
  listenerFor(serverName: string | undefined): Listener | 'gone' | undefined;
  /** Whose a request is; nothing where it belongs to the lane of its connection. */
  laneOf(headers: IncomingHttpHeaders, url: string): Lane | undefined;
  /** Hands a request to the lane that it is meant for.
   * @returns whether it was */
  deliver(exchange: Exchange, request: object): boolean;
}
