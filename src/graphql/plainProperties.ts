/**
 * For object types whose fields are properties of what a service gives: they get no resolver, so that graphql-js reads
 * them by itself. A stream may be shared only where nothing below its root has code of its own (`security/streamScope.ts`).
 */
export const plainProperties = { simpleResolvers: true } as const;
