import { ControlError } from './controlError';

/** The fields of a control request's JSON body. Every reader throws ControlError with a sentence that says what is wrong. */
export class Fields {
  private readonly values: Readonly<Record<string, unknown>>;

  constructor(body: string) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(body);
    } catch {
      throw new ControlError('The body must be a JSON object, e.g. {"kind":"drop"}.');
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      throw new ControlError('The body must be a JSON object, e.g. {"kind":"drop"}.');
    }
    this.values = { ...parsed };
  }

  get names(): readonly string[] {
    return Object.keys(this.values);
  }

  /** what: what has these fields and no others, e.g. "A fault of kind \"gap\"". */
  allow(what: string, names: readonly string[]): void {
    const unknown = this.names.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new ControlError(`${what} has no field "${unknown}"; it has ${names.join(', ')}.`);
  }

  text(name: string, byDefault: string | null): string {
    const value = this.values[name] ?? byDefault;
    if (typeof value !== 'string' || value === '') throw new ControlError(`"${name}" must be text that is not empty.`);
    return value;
  }

  optionalText(name: string): string | null {
    return this.values[name] === undefined ? null : this.text(name, null);
  }

  oneOf<T extends string>(name: string, choices: readonly T[], byDefault: T | null): T {
    const value = this.values[name] ?? byDefault;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw new ControlError(`"${name}" must be one of ${choices.join(', ')}.`);
    return found;
  }

  whole(name: string, byDefault: number): number {
    const value = this.integer(name, byDefault);
    if (value < 0) throw new ControlError(`"${name}" must be a whole number that is not negative.`);
    return value;
  }

  /** byDefault: null where the field must be given. */
  integer(name: string, byDefault: number | null): number {
    const value = this.values[name] ?? byDefault;
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
      throw new ControlError(`"${name}" must be a whole number.`);
    }
    return value;
  }

  /** Greater than zero, at most one. */
  probability(): number {
    const value = this.values['probability'] ?? 1;
    if (typeof value !== 'number' || !(value > 0 && value <= 1)) {
      throw new ControlError('"probability" must be a number above 0 and at most 1.');
    }
    return value;
  }

  flag(name: string, byDefault: boolean): boolean {
    const value = this.values[name] ?? byDefault;
    if (typeof value !== 'boolean') throw new ControlError(`"${name}" must be true or false.`);
    return value;
  }

  /** A field that holds an object of texts, e.g. {"BTC":"1.5"}. */
  texts(name: string): Readonly<Record<string, string>> {
    const value = this.values[name] ?? {};
    const entries = typeof value === 'object' ? Object.entries(value) : [];
    if (typeof value !== 'object' || !entries.every(isTextEntry)) {
      throw new ControlError(`"${name}" must be an object whose values are text.`);
    }
    return Object.fromEntries(entries.filter(isTextEntry));
  }

  count(byDefault: number | null): number | null {
    const given = this.values['count'];
    if (given === undefined || given === null) return byDefault;
    const count = this.whole('count', 1);
    if (count === 0) throw new ControlError('"count" must be at least 1, or null for a fault without end.');
    return count;
  }
}

function isTextEntry(entry: readonly [string, unknown]): entry is [string, string] {
  return typeof entry[1] === 'string';
}
