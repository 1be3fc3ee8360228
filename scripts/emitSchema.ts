import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { printSchema, type GraphQLSchema } from 'graphql';
import { buildAuthSchema, buildMainSchema } from '../src/graphql/buildSchemas';

/**
 * Writes what is built of the public contract to schema/*.graphql; with `--check`, fails where the committed files differ.
 * Usage: npm run generate:schema [-- --check]
 */
function main(): void {
  const isCheck = process.argv.includes('--check');
  const drifted = [
    emit({ name: 'schema.graphql', endpoint: 'POST and WebSocket /graphql', schema: buildMainSchema(), isCheck }),
    emit({ name: 'auth.graphql', endpoint: 'POST /auth/graphql', schema: buildAuthSchema(), isCheck }),
  ].filter((file) => file !== null);
  if (drifted.length === 0) return;
  process.stderr.write(
    `${drifted.join(', ')} differs from the code. Run \`npm run generate\` and commit the result.\n`,
  );
  process.exitCode = 1;
}

/** The file's name where it differs from the code under `--check`, else null. */
function emit(options: {
  readonly name: string;
  readonly endpoint: string;
  readonly schema: GraphQLSchema;
  readonly isCheck: boolean;
}): string | null {
  const { name, endpoint, schema, isCheck } = options;
  const file = resolve(__dirname, '..', 'schema', name);
  const text = `# ${endpoint}. Generated from src/graphql by \`npm run generate:schema\`; do not edit.\n\n${printSchema(schema)}\n`;
  if (isCheck) return readFileSync(file, 'utf8') === text ? null : `schema/${name}`;
  writeFileSync(file, text);
  return null;
}

main();
