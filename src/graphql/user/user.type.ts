import { Field, ObjectType, registerEnumType } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import { roles, type Role } from '../../identity/principal';
import { NodeType } from '../node.type';
import { DateTimeScalar } from '../scalar/scalars';
import { plainProperties } from '../plainProperties';

export const RoleEnum = Object.fromEntries(roles.map((role) => [role, role])) as Readonly<Record<Role, Role>>;
registerEnumType(RoleEnum, { name: 'Role' });

@ObjectType('User', { ...plainProperties, implements: NodeType })
export class UserType extends NodeType {
  @Field(() => String)
  readonly email!: string;
  @Field(() => [RoleEnum])
  readonly roles!: readonly Role[];
  @Field(() => Boolean)
  readonly mfaEnabled!: boolean;
  @Field(() => Boolean)
  readonly disabled!: boolean;
  @Field(() => DateTimeScalar)
  readonly createdAt!: EpochMs;
}
