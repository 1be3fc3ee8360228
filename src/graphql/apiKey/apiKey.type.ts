import { Field, ObjectType, registerEnumType } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import { scopes, type Scope } from '../../identity/principal';
import { NodeType } from '../node.type';
import { plainProperties } from '../plainProperties';
import { DateTimeScalar } from '../scalar/scalars';

export const ScopeEnum = Object.fromEntries(scopes.map((scope) => [scope, scope])) as Readonly<Record<Scope, Scope>>;
registerEnumType(ScopeEnum, {
  name: 'Scope',
  description: 'What an API key may be used for, within what its owner may do.',
});

@ObjectType('ApiKey', { ...plainProperties, implements: NodeType, description: 'A key for bots and scripts.' })
export class ApiKeyType extends NodeType {
  @Field(() => String, { description: 'What it is for.' })
  readonly label!: string;
  @Field(() => String, { description: 'How the key begins.' })
  readonly prefix!: string;
  @Field(() => [ScopeEnum])
  readonly scopes!: readonly string[];
  @Field(() => [String], { description: 'Addresses and ranges that it may be used from; empty: any.' })
  readonly allowedIps!: readonly string[];
  @Field(() => String, {
    nullable: true,
    description: 'The Ed25519 key, in PEM, that its requests are checked with; null: they need no signature.',
  })
  readonly publicKey!: string | null;
  @Field(() => DateTimeScalar)
  readonly createdAt!: EpochMs | Date;
  @Field(() => DateTimeScalar)
  readonly expiresAt!: EpochMs | Date;
  @Field(() => DateTimeScalar, { nullable: true, description: 'To the minute.' })
  readonly lastUsedAt!: EpochMs | Date | null;
}

@ObjectType('NewApiKey', plainProperties)
export class NewApiKeyType {
  @Field(() => ApiKeyType)
  readonly apiKey!: ApiKeyType;
  @Field(() => String, { description: 'The key. Shown once.' })
  readonly secret!: string;
}
