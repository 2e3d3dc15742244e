/**
 * How a translation reaches the guest's memory. An address is looked up in the TLB; without translation and protection,
 * where an address is its place in RAM, it is only compared. Accesses of a block at one base register are looked up once
 * ({@link accessGroups}). The translation exits before what is not found so, or asks `reach` for it.
 */
import type { AccessSize } from '../expr.ts';
import { PAGE, PAGE_BYTES, PAGE_FLAGS, RAM, RAM_BASE, TLB_KIND } from '../layout.ts';
import { ACCESS } from '../page-walk.ts';
import { emitLookUp, found } from '../tlb.ts';
import type { Body, FunctionRef, Label } from '../wasm/module.ts';
import { type AccessGroup, type AccessKind, accessGroups } from './access-groups.ts';
import type { Placed } from './region.ts';

/** How data is addressed where a translation is entered. */
export interface DataMode {
  /** The offset of the TLB's entries for data. */
  tlb: number;
  /** With neither translation nor protection nor observed pages: the size of RAM, all of which may be accessed. */
  bareBytes: number | undefined;
  /** Whether an access that is not found calls `reach`; otherwise the translation exits before it. */
  calls: boolean;
}

/** An access to data. */
export interface DataAccess {
  kind: AccessKind;
  sizeBytes: AccessSize;
  /** Leaves the translation before the present instruction. */
  giveUp(): void;
}

/** How bytes are looked up. */
interface Search {
  /** For several accesses. */
  isGroup: boolean;
  missed: Label;
}

/** An access in a group: where it goes on when it is found, and when not. */
interface Member extends Pick<DataAccess, 'kind' | 'sizeBytes'> {
  done: Label;
  missed: Label;
}

/** Emits the accesses of one translation. */
export class DataAccesses {
  private readonly address: number;
  private readonly entry: number;
  private readonly at: number;
  private readonly offset: number;
  private readonly context: { offset: number };
  /** By position in the block. */
  private groups: ReadonlyMap<number, AccessGroup> = new Map();
  /** The locals of groups, by their numbers: the offset in this memory of the group's first byte, or 0. */
  private readonly places: number[] = [];

  constructor(
    private readonly body: Body,
    private readonly reach: FunctionRef,
    private readonly mode: DataMode,
  ) {
    this.address = body.local('i64');
    this.entry = body.local('i32');
    this.at = body.local('i32');
    this.offset = body.local('i64');
    this.context = { offset: mode.tlb };
  }

  startBlock(instructions: readonly Placed[]): void {
    this.groups = accessGroups(instructions);
  }

  /** Looks up the group that begins with an instruction, if any; `base` pushes its base register. */
  startGroup(position: number, base: () => void): void {
    const group = this.groups.get(position);
    if (group?.first !== position) return;
    const { body, address } = this;
    const place = this.placeOf(group);
    body.i32(0).set(place);
    base();
    if (group.low !== 0) body.i64(group.low).op('i64.add');
    body.set(address);
    body.block((missed) => {
      const offset = this.find(group.kind, group.high - group.low, { isGroup: true, missed });
      if (offset !== 0) body.i32(offset).op('i32.add');
      body.set(place);
    });
  }

  /**
   * Replaces the address on the stack by an offset in this memory, and returns what is to be added to that. The access
   * is that of the instruction at `position`.
   */
  emit(position: number, { kind, sizeBytes, giveUp }: DataAccess): number {
    const { body, address, at } = this;
    const group = this.groups.get(position);
    let offset = 0;
    body.set(address);
    body.block((done) => {
      body.block((missed) => {
        if (group) {
          offset = group.offsets.get(position)!;
          this.emitMember(group, offset, { kind, sizeBytes, done, missed });
        } else offset = this.find(kind, sizeBytes, { isGroup: false, missed });
        body.br(done);
      });
      if (!this.calls(kind)) return giveUp();
      body.get(address).i32(sizeBytes).i32(ACCESS[kind]).call(this.reach);
      body.tee(at).op('i32.eqz').expect(false).if(giveUp);
      this.forgetGroups(position);
      body.get(at);
      if (offset !== 0) body.i32(offset).op('i32.sub');
    }, 'i32');
    return offset;
  }

  /** Pushes the offset in this memory of a group, from which an access is `offset` bytes away, or branches to `missed`. */
  private emitMember(group: AccessGroup, offset: number, { kind, sizeBytes, done, missed }: Member): void {
    const { body } = this;
    const place = this.placeOf(group);
    const isLookedUpAlone = this.mode.bareBytes === undefined && !this.mode.calls;
    if (!isLookedUpAlone) {
      body.get(place).op('i32.eqz').expect(false).brIf(missed);
      body.get(place);
      return;
    }
    // A group in two pages is not found, however often.
    body.block((apart) => {
      body.get(place).op('i32.eqz').expect(false).brIf(apart);
      body.get(place).br(done);
    });
    this.find(kind, sizeBytes, { isGroup: false, missed });
    if (offset !== 0) body.i32(offset).op('i32.sub');
  }

  /** Whether an access that is not found calls `reach`, which finds no load where all of RAM may be loaded from. */
  private calls(kind: AccessKind): boolean {
    return this.mode.calls && (kind === 'store' || this.mode.bareBytes === undefined);
  }

  private placeOf({ number }: AccessGroup): number {
    this.places[number] ??= this.body.local('i32');
    return this.places[number];
  }

  /**
   * Branches to `missed` unless bytes at `address` may be accessed. Otherwise pushes an offset in this memory, and returns
   * what is to be added to it.
   */
  private find(kind: AccessKind, sizeBytes: number, { isGroup, missed }: Search): number {
    const { body, address, at } = this;
    const { bareBytes } = this.mode;
    const require = () => body.op('i32.eqz').expect(false).brIf(missed);
    if (bareBytes === undefined) {
      body.get(address);
      emitLookUp(body, { address, entry: this.entry, context: this.context }, TLB_KIND[kind], sizeBytes);
      require();
      found(body, { address, entry: this.entry, context: this.context }, TLB_KIND[kind]);
      return 0;
    }
    body.get(address).i64(RAM_BASE).op('i64.sub').tee(this.offset);
    body.i64(bareBytes - sizeBytes).op('i64.le_u');
    require();
    body.get(this.offset).op('i32.wrap_i64').set(at);
    if (kind === 'store') {
      this.flags(0);
      // An aligned access is in one page.
      if (isGroup) {
        this.flags(sizeBytes - 1);
        body.op('i32.and');
      }
      body.i32(PAGE.SILENT).op('i32.and');
      require();
      if (!isGroup && sizeBytes > 1) {
        body.get(at);
        body.i32(sizeBytes - 1).op('i32.and');
        body.expect(false).brIf(missed);
      }
    }
    body.get(at);
    return RAM;
  }

  /** Pushes the flags of the page with the byte of RAM at `at`, or some bytes after. */
  private flags(further: number): void {
    const { body, at } = this;
    body.get(at);
    if (further > 0) body.i32(further).op('i32.add');
    body.i32(Math.log2(PAGE_BYTES)).op('i32.shr_u').access('i32.load8_u', PAGE_FLAGS);
  }

  /** A look-up that missed may have changed what groups have found: tables of pages are marked on the way. */
  private forgetGroups(position: number): void {
    if (this.mode.bareBytes !== undefined) return;
    for (const group of new Set(this.groups.values()))
      if (group.first < position && position < group.last) this.body.i32(0).set(this.placeOf(group));
  }
}
