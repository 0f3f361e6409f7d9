import { z } from 'zod';

/** The alerts of TLS, RFC 8446 section 6, by the numbers they have on the wire. */
export const alerts = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  record_overflow: 22,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  /** TLS 1.2 only: RFC 5246, section 7.2.2. */
  no_renegotiation: 100,
  missing_extension: 109,
  unsupported_extension: 110,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  unknown_psk_identity: 115,
  certificate_required: 116,
  no_application_protocol: 120,
} as const;

export type Alert = keyof typeof alerts;

/** Scenario schema of an alert: the RFC's name for it. */
export const alertName = z.enum(Object.keys(alerts) as [Alert, ...Alert[]]);

export const alertLevels = { warning: 1, fatal: 2 } as const;
export type AlertLevel = keyof typeof alertLevels;

/** Alerts that are not errors: RFC 8446, section 6.1; RFC 5246, section 7.2.2. */
const warnings: readonly Alert[] = ['close_notify', 'user_canceled', 'no_renegotiation'];

/** The level at which the RFC has an alert sent: error alerts are fatal (RFC 8446, section 6.2). */
export const levelOf = (name: Alert): AlertLevel => (warnings.includes(name) ? 'warning' : 'fatal');

const ALERT_RECORD = 21;

/** An alert as a record in clear text, which is what it is before any key has been agreed on (RFC 8446, sections 5.1 and 6). */
export const alertRecord = (name: Alert, level = levelOf(name)): Uint8Array =>
  Uint8Array.of(ALERT_RECORD, 3, 3, 0, 2, alertLevels[level], alerts[name]);
