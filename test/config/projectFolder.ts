import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../src/config/config';
import { ConfigError } from '../../src/config/configError';
import { loadConfig } from '../../src/config/loadConfig';
import type { Environment } from '../../src/config/sources';
import { rsaPem } from '../kit/keyPairs';
import { makeTemporaryDir } from '../kit/temporaryDir';

export const strongPem = rsaPem(3072);

/** Everything that production demands, and no more. */
export const production: Environment = {
  NODE_ENV: 'production',
  HOST: '0.0.0.0',
  TRUSTED_PROXIES: '10.0.0.1',
  EXCHANGES: 'binance,mexc',
  DATABASE_URL: `postgres://app:very-secret-${randomBytes(24).toString('hex')}@db.internal/tickgate?sslmode=verify-full`,
  ACCESS_TOKEN_PRIVATE_KEY: strongPem,
  CREDENTIAL_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  AUDIT_KEY: randomBytes(32).toString('base64'),
};

/** A project's folder of its own for each test of the file, empty but for what the test writes there. */
export class ProjectFolder {
  #dir = '';

  constructor() {
    let remove = (): void => undefined;
    beforeEach(() => {
      const made = makeTemporaryDir();
      this.#dir = made.dir;
      remove = () => {
        made.remove();
      };
    });
    afterEach(() => {
      remove();
    });
  }

  get dir(): string {
    return this.#dir;
  }

  /** Returns where the file is. */
  write(file: string, text: string): string {
    const place = path.join(this.#dir, file);
    writeFileSync(place, text);
    return place;
  }

  load(environment: Environment): Config {
    return loadConfig({ environment, projectDir: this.#dir });
  }

  problemsOf(environment: Environment): readonly string[] {
    try {
      this.load(environment);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
    return [];
  }
}
