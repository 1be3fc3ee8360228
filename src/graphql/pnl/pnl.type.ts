import { Field, ObjectType } from 'type-graphql';
import type { EpochMs } from '../../domain/marketData';
import { plainProperties } from '../plainProperties';
import { DateTimeScalar, DecimalScalar } from '../scalar/scalars';

@ObjectType('PnlDay', {
  ...plainProperties,
  description:
    'equityChange = realized + unrealizedChange − fees + funding + transfers + difference, an account and UTC day; `difference` is what the bookings do not explain.',
})
export class PnlDayType {
  @Field(() => DateTimeScalar, { description: 'When the day begins.' })
  readonly date!: EpochMs;
  @Field(() => String)
  readonly currency!: string;
  @Field(() => DecimalScalar, { description: 'Before fees.' })
  readonly realized!: string;
  @Field(() => DecimalScalar)
  readonly unrealizedChange!: string;
  @Field(() => DecimalScalar, { description: 'Paid: above 0 where they cost.' })
  readonly fees!: string;
  @Field(() => DecimalScalar, { description: 'Received: above 0 where the account gained.' })
  readonly funding!: string;
  @Field(() => DecimalScalar, { description: 'Brought in: above 0 where the account gained.' })
  readonly transfers!: string;
  @Field(() => DecimalScalar)
  readonly equityChange!: string;
  @Field(() => DecimalScalar)
  readonly difference!: string;
}
