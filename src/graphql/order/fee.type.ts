import { Field, ObjectType } from 'type-graphql';
import { plainProperties } from '../plainProperties';
import { DecimalScalar } from '../scalar/scalars';

@ObjectType('Fee', plainProperties)
export class FeeType {
  @Field(() => String)
  readonly currency!: string;
  @Field(() => DecimalScalar, { description: 'Negative where the exchange paid it to you.' })
  readonly cost!: string;
}
