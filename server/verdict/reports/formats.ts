import type { JournalEvent } from '../../journal.ts';
import type { VerdictReport } from '../verdict.ts';

/** What a report is made of: the verdict, and the events that a picture is drawn from. */
export interface ReportInput {
  readonly report: VerdictReport;
  readonly events: readonly JournalEvent[];
}

interface Format {
  readonly type: string;
  readonly render: (input: ReportInput) => Promise<string> | string;
}

/** Every form that a report takes, by the name that `--report` and `GET /report` know it by. */
export const reportFormats = {
  text: {
    type: 'text/plain; charset=utf-8',
    render: async ({ report }) => (await import('./text.ts')).renderTextReport(report),
  },
  junit: {
    type: 'application/xml; charset=utf-8',
    render: async ({ report }) => (await import('./junit.ts')).renderJunitReport(report),
  },
  html: {
    type: 'text/html; charset=utf-8',
    render: async ({ report, events }) => (await import('./html.ts')).renderHtmlReport(report, events),
  },
  json: {
    type: 'application/json',
    render: async ({ report }) => (await import('./json.ts')).renderJsonReport(report),
  },
} as const satisfies Record<string, Format>;

export type ReportFormat = keyof typeof reportFormats;

export const reportFormatNames = Object.keys(reportFormats) as ReportFormat[];
