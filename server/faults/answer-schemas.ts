import { z } from 'zod';

/** RFC 9110, section 5.6.2. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
/** The server writes these itself, and HTTP/2 forbids most of them (RFC 9113, section 8.2.2). */
const RESERVED = ['connection', 'content-length', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'];

/** Scenario schema of the name of any header. */
export const fieldName = z
  .string()
  .regex(HEADER_NAME, { error: 'A header name has letters, digits and dashes.', abort: true });
/** Scenario schema of the name of a header that a scenario may write. */
export const headerName = fieldName.refine((name) => !RESERVED.includes(name.toLowerCase()), {
  error: 'The server writes this header itself.',
});
/** Scenario schema of a header's value. */
export const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, { error: 'Write printable ASCII in one line.' });

/** Scenario schema of the `code` of an error body. */
export const arkCode = z
  .string()
  .regex(/^[A-Z][\w.]*$/, { error: 'Write a code as Ark does: ServerOverloaded, QuotaExceeded.' });
