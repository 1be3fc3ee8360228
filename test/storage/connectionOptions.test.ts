import { connectionOptions } from '../../src/storage/connectionOptions';

const passwordOf = (options: ReturnType<typeof connectionOptions>): unknown =>
  typeof options.password === 'function' ? options.password() : options.password;

it('says what the URL says, TLS and options too', () => {
  const options = connectionOptions('postgres://a%40b:p%2Fw@db.test:6543/c?sslmode=verify-full&application_name=mine');
  expect(options).toMatchObject({
    user: 'a@b',
    host: 'db.test',
    port: 6543,
    database: 'c',
    ssl: {},
    application_name: 'mine',
  });
  expect(passwordOf(options)).toBe('p/w');
});

it('asks for the password when a connection is made', () => {
  let url = 'postgres://a:first@db.test/c';
  const options = connectionOptions(() => url);
  url = 'postgres://a:second@db.test/c';
  expect(passwordOf(options)).toBe('second');
});

it('leaves it to pg to find a password where the URL has none', () => {
  expect(connectionOptions('postgres://a@db.test/c')).not.toHaveProperty('password');
});
