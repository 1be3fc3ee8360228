import type { ConfigError } from '../../src/config/configError';
import { rsaPem } from '../kit/keyPairs';
import { ProjectFolder } from './projectFolder';

const project = new ProjectFolder();

describe('unknown names', () => {
  it.each([
    ['EXCHANGE_BINNANCE_REST_URL', 'EXCHANGE_BINANCE_REST_URL'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['EXCHANGE', 'EXCHANGES'],
    ['PUBLIC_MARKETDATA', 'PUBLIC_MARKET_DATA'],
    ['METRICS_PROT', 'METRICS_PORT'],
    ['ACCESS_TOKEN_PRIVATE_KEY_FLIE', 'ACCESS_TOKEN_PRIVATE_KEY_FILE'],
    ['log_levl', 'LOG_LEVEL'],
  ])('stops at %s and proposes %s', (wrong, right) => {
    expect(project.problemsOf({ [wrong]: 'x' })).toEqual([expect.stringContaining(`Did you mean ${right}?`)]);
  });

  it.each(['EXCHANGE_KRAKEN_REST_URL', 'SIMULATOR_SPEED_OF_LIGHT', 'ACCESS_TOKEN_COLOUR'])(
    'stops at %s, whose beginning is ours',
    (name) => {
      expect(project.problemsOf({ [name]: 'x' })).toEqual([
        expect.stringMatching(new RegExp(`^${name} is not a setting`)),
      ]);
    },
  );

  it('stops at any unknown name in the file', () => {
    project.write('config.development.yaml', 'COLOUR: blue\n');
    expect(project.problemsOf({})).toEqual([expect.stringMatching(/^COLOUR in config\.development\.yaml/)]);
  });

  it('lets the names of other programs be', () => {
    const others = { PATH: '/bin', HOME: '/root', PORTS: '1', HOSTNAME: 'x', npm_config_loglevel: 'silent', LANG: 'C' };
    expect(project.problemsOf(others)).toEqual([]);
  });
});

describe('bad values', () => {
  it.each([
    ['PORT', 'abc'],
    ['PORT', '65536'],
    ['PORT', '0x10'],
    ['PORT', '1e3'],
    ['PORT', ' 4000'],
    ['METRICS_PORT', '-1'],
    ['NODE_ENV', 'prod'],
    ['LOG_LEVEL', 'loud'],
    ['PUBLIC_MARKET_DATA', 'yes'],
    ['OPERATIONS', 'closed'],
    ['INTROSPECTION', 'yes'],
    ['CONTENT_SECURITY_POLICY', "default-src 'none'\r\nSet-Cookie: a=b"],
    ['CONTENT_SECURITY_POLICY', 'Default-Src'],
    ['CONTENT_SECURITY_POLICY', `img-src ${'x'.repeat(2_000)}`],
    ['X_FRAME_OPTIONS', 'ALLOWALL'],
    ['X_XSS_PROTECTION', '1'],
    ['STRICT_TRANSPORT_SECURITY', '1 year'],
    ['STRICT_TRANSPORT_SECURITY', 'max-age=1; includeSubDomains\r\nX: y'],
    ['REFERRER_POLICY', 'unsafe-url'],
    ['EXCHANGES', 'binance,binance'],
    ['EXCHANGES', 'Binance'],
    ['EXCHANGES', 'binance,,mexc'],
    ['EXCHANGES', '../etc'],
    ['EXCHANGES', 'mexc-testnet'],
    ['EXCHANGE_BINANCE_REST_URL', 'http://127.0.0.1:7000/mexc?key=1'],
    ['EXCHANGE_BINANCE_REST_URL', 'http://127.0.0.1:7000/#mexc'],
    ['EXCHANGE_BINANCE_REST_URL', '127.0.0.1:7000'],
    ['EXCHANGE_BINANCE_REST_URL', 'ws://127.0.0.1:7000'],
    ['EXCHANGE_BINANCE_REST_URL', 'http://user:word@127.0.0.1:7000'],
    ['EXCHANGE_BINANCE_WS_URL', 'http://127.0.0.1:7000'],
    ['DATABASE_URL', 'mysql://a:b@c/d'],
    ['DATABASE_URL', 'nonsense'],
    ['REDIS_URL', 'http://localhost'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['CORS_ORIGINS', 'https://APP.example.com'],
    ['CORS_ORIGINS', 'https://app.example.com:443'],
    ['ACCESS_TOKEN_TTL_S', '0'],
    ['ACCESS_TOKEN_TTL_S', '86400'],
    ['ACCESS_TOKEN_PRIVATE_KEY', 'changeme'],
    ['ACCESS_TOKEN_ALGORITHM', 'HS256'],
    ['ACCESS_TOKEN_ALGORITHM', 'none'],
    ['ACCESS_TOKEN_KEY_DAYS', '-1'],
    ['SIMULATOR_RATE', 'NaN'],
    ['MAIL_FROM', 'nobody'],
    ['MAIL_FROM', 'a@b.test, c@d.test'],
    ['MAIL_FROM', 'a@b.test\nBcc: c@d.test'],
    ['MAIL_FROM', 'Name\r\nBcc: c@d.test <a@b.test>'],
    ['MAIL_FROM', 'a@b.test <c@d.test>'],
    ['MAIL_FROM', `${'a'.repeat(254)}@b.test`],
    ['PASSWORD_RESET_URL', 'app.example.com/reset'],
    ['PASSWORD_RESET_URL', 'javascript:alert(1)'],
    ['PASSWORD_RESET_URL', 'https://app.example.com/reset?token='],
    ['PASSWORD_RESET_URL', 'https://app.example.com/#/reset'],
  ])('refuses %s=%s', (name, value) => {
    expect(project.problemsOf({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name} .*must be`))]);
  });

  it.each([
    ['mail.example.com:465', 'it begins with neither'],
    ['mail server', 'it is no URL'],
    ['http://mail.example.com', 'it begins with neither'],
    ['smtps://', 'it names no host'],
    ['smtps://ma_il.example.com', 'it names no host'],
    ['smtp://very-secret@mail.example.com', 'a user without a password'],
    ['smtp://:very-secret@mail.example.com', 'a password without a user'],
    ['smtp://a:very-secret%zz@mail.example.com', 'not followed by two hex digits'],
    ['smtp://a:very-secret%0d%0aRCPT@mail.example.com', 'not followed by two hex digits'],
    ['smtp://a:very-secret@mail.example.com/inbox', 'something follows'],
    ['smtp://a:very-secret@mail.example.com?tls=no', 'something follows'],
    ['smtp://a:very/secret@mail.example.com', 'it is no URL'],
    ['smtps://a:b@mail.example.com:0x1', 'it is no URL'],
  ])('refuses SMTP_URL=%s, says why, and repeats nothing of it', (url, why) => {
    const problems = project.problemsOf({ SMTP_URL: url, MAIL_FROM: 'a@b.test' });
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^SMTP_URL .*${why}.*must be smtps://`))]);
    expect(problems.join()).not.toMatch(/very|RCPT/);
  });

  it('refuses a mail server without a sender, and a sender without a mail server', () => {
    expect(project.problemsOf({ SMTP_URL: 'smtps://a:b@mail.example.com' })).toEqual([
      expect.stringMatching(/^SMTP_URL is set and MAIL_FROM is not/),
    ]);
    expect(project.problemsOf({ MAIL_FROM: 'a@b.test' })).toEqual([
      expect.stringMatching(/^MAIL_FROM is set and SMTP_URL is not/),
    ]);
  });

  it('refuses a signing key of 2048 bits', () => {
    expect(project.problemsOf({ ACCESS_TOKEN_PRIVATE_KEY: rsaPem(2048) })).toEqual([expect.stringContaining('3072')]);
  });

  it('tells every problem at once and exits with 78', () => {
    const error = (() => {
      try {
        return project.load({ PORT: 'x', LOG_LEVEL: 'x', DATABSE_URL: 'x' });
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toMatchObject({ exitStatus: 78 });
    expect((error as ConfigError).problems).toHaveLength(3);
    expect((error as ConfigError).message.split('\n')).toHaveLength(3);
  });

  it('refuses one port for two servers', () => {
    expect(project.problemsOf({ PORT: '9464' })).toEqual([expect.stringMatching(/^PORT and METRICS_PORT/)]);
    expect(project.problemsOf({ PORT: '0', METRICS_PORT: '0' })).toEqual([]);
  });
});
