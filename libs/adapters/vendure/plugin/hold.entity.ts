import { EntityId, type ID } from '@vendure/core';
import { Column, Entity, Index, ManyToOne, OneToMany, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** Pieces that are promised to one order of Waco until `expiresAt`. */
@Entity()
@Index(['status', 'orderId', 'expiresAt'])
export class WacoHold {
  @PrimaryColumn()
  id: string;

  /** The idempotency key it was asked with. */
  @Index({ unique: true })
  @Column()
  key: string;

  /** What was asked, as a hash: the same key with something else is refused. */
  @Column()
  asked: string;

  @Column()
  orderRef: string;

  /** A hold that is over stays `held`: its time says so. */
  @Column('varchar')
  status: 'held' | 'released' | 'committed';

  /** The order that has taken the pieces. From then on Vendure counts them as the order's. */
  @Column('varchar', { nullable: true })
  orderId: string | null;

  @Column('timestamptz')
  expiresAt: Date;

  @OneToMany(() => WacoHoldLine, (line) => line.hold, { cascade: true })
  lines: WacoHoldLine[];
}

@Entity()
export class WacoHoldLine {
  @PrimaryGeneratedColumn()
  id: number;

  @Index()
  @ManyToOne(() => WacoHold, (hold) => hold.lines, { onDelete: 'CASCADE' })
  hold: WacoHold;

  @Index()
  @EntityId()
  variantId: ID;

  @Column()
  quantity: number;
}
