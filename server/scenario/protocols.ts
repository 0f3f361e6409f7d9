import type { FaultRule, Service } from './scenario.ts';

type Protocol = Service['alpn']['offer'][number];

/** The protocols that connections may come to speak, the likeliest first. */
export function spokenProtocols({ alpn }: Service, faults: readonly FaultRule[]): readonly Protocol[] {
  const { offer, absent } = alpn;
  // A fault that answers ALPN in place of the service may answer either.
  const answered: readonly Protocol[] = faults.some(answersAlpn) ? ['h2', 'http/1.1'] : [];
  return [...new Set([...offer, ...(absent === 'http/1.1' ? [absent] : []), ...answered])];
}

const answersAlpn = ({ inject }: FaultRule) => inject.some(({ decides }) => decides === 'alpn');

/** The one protocol over which a fault can strike, or undefined when any will do: HTTP/1.1 has no sessions. */
export const protocolOf = ({ on, match }: FaultRule): Protocol | undefined =>
  on === 'session' ? 'h2' : match.protocol;

/** Looks for faults that wait for a protocol which no connection comes to speak.
 * @returns what to warn of. It is no mistake: another profile, or a fault armed later, may let them strike */
export function warnOfUnspoken(service: Service, faults: readonly FaultRule[]): string[] {
  const spoken = spokenProtocols(service, faults);
  const waiting = faults.flatMap((rule) => {
    const protocol = protocolOf(rule);
    return protocol === undefined || spoken.includes(protocol) ? [] : [{ protocol, name: rule.name }];
  });
  return [...Map.groupBy(waiting, ({ protocol }) => protocol)].map(([protocol, those]) => {
    const names = those.map(({ name }) => `"${name}"`).join(', ');
    return `No connection speaks ${protocol} here, so these never strike: ${names}. \`service: { alpn: { offer: [h2, http/1.1] } }\` changes that, as may another profile.`;
  });
}
