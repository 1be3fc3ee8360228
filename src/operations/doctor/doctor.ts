import { CalendarError } from '../calendarError';
import { boxes } from './boxes';
import { FactUnseen } from './factUnseen';
import type { SecurityFacts } from './securityFacts';

/** A box of the checklists, looked at. */
export interface SecurityCheck {
  readonly name: string;
  /** As the checklist has it, behind the line that it stands in. */
  readonly title: string;
  readonly passed: boolean;
  /** What was seen, and where it did not pass what to do. */
  readonly evidence: string;
}

/** Of one server at one moment. */
export interface SecurityReport {
  readonly mode: SecurityFacts['mode'];
  /** The machine that it runs on, so that a command knows whether it is on the same one. */
  readonly machine: string | null;
  /** In the order of the checklists. */
  readonly checks: readonly SecurityCheck[];
}

/** Looks at the running server, box by box. What cannot be looked at has not passed. */
export class Doctor {
  constructor(private readonly facts: SecurityFacts) {}

  async report(): Promise<SecurityReport> {
    // Several boxes ask for the same view.
    let view: ReturnType<SecurityFacts['outside']> | null = null;
    const facts = { ...this.facts, outside: () => (view ??= this.facts.outside()) };
    const checks = await Promise.all(
      boxes.map(async ({ name, line, title, look }) => {
        try {
          return { name, title: `${line}: ${title}`, ...(await look(facts)) };
        } catch (error) {
          return { name, title: `${line}: ${title}`, passed: false, evidence: `unknown: ${whyUnknown(error)}` };
        }
      }),
    );
    return { mode: facts.mode, machine: facts.machine, checks };
  }
}

/** With what to do next. */
function whyUnknown(error: unknown): string {
  if (error instanceof FactUnseen) return error.message;
  if (error instanceof CalendarError)
    return `${error.message} Put it right where the server reads it (npm run sec:calendar says what is wrong), and look again`;
  const reason = error instanceof Error ? error.message : String(error);
  return `${reason}; see what GET /health on METRICS_PORT and the log say, mend it, and look again`;
}
