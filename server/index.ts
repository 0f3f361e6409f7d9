export { UsageError } from './errors.ts';
export type { EventType, Journal, JournalEvent } from './journal.ts';
export { type LaneOptions, type MockLane, type MockServer, type StartOptions, startMockServer } from './mock-server.ts';
export type { ScenarioInput } from './scenario/load.ts';
export { Verdict, type VerdictReport } from './verdict/verdict.ts';
