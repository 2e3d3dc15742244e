/**
 * Sections and their layout. A section is a chain of zones: within a zone all distances are fixed, and a zone ends at a
 * piece whose size depends on the layout, such as an alignment or a branch of variable length.
 */
import { StatementError } from './diagnostics.ts';

import type { SourceLine } from './source.ts';
import type { Position, Scope, Value } from './values.ts';

/** A piece of a section: an instruction, data or padding. */
interface Piece {
  /** Its source line, for messages and listings. */
  line: SourceLine;
  column: number;
  /** Writes its bytes at offset `at`; called when all addresses are known. */
  write(out: DataView, at: number, scope: Scope, sizeBytes: number): void;
}

/** A piece whose size is known when it is read. */
export interface FixedPiece extends Piece {
  offset: number;
  sizeBytes: number;
}

/** A piece whose size depends on the layout. */
export interface VariablePiece extends Piece {
  /** The size at an offset in the section. A function of the offset alone. */
  pad?(offset: number): number;
  /** The size in a layout that may be incomplete. Repeated calls must converge. */
  measure?(scope: Scope, sizeBytes: number): number;
  sizeBytes: number;
}

/** A run of fixed pieces, followed by at most one of variable size. */
export interface Zone {
  pieces: FixedPiece[];
  sizeBytes: number;
  end?: VariablePiece;
  /** In bytes from the start of the section, in the current layout. */
  offset: number;
}

/** The groups of sections, in the order in which they lie in memory. */
const groups = ['text', 'rodata', 'data', 'other', 'bss'] as const;
/** A group of sections. */
export type SectionGroup = (typeof groups)[number];

/** The properties of a section. */
export interface SectionKind {
  group: SectionGroup;
  /** Code: gaps are filled with NOPs. */
  code: boolean;
  /** Debugging information and comments are not part of the program in memory. */
  loaded: boolean;
}

/** Far above any program for this machine; keeps a typing error from exhausting memory. */
export const SECTION_LIMIT_BYTES = 2 ** 30;

/** Sections begin at a multiple of 8 even if no directive asks for it, so that any data at their start is aligned. */
const SECTION_ALIGNMENT = 8;
const CODE_ALIGNMENT = 4;

const newZone = (): Zone => ({ pieces: [], sizeBytes: 0, offset: 0 });

/** A section: a chain of zones. */
export class Section {
  readonly zones: [Zone, ...Zone[]] = [newZone()];
  /** The largest alignment of its directives, in bytes. */
  alignment: number;
  address = 0;
  sizeBytes = 0;

  constructor(
    readonly name: string,
    readonly kind: SectionKind,
  ) {
    this.alignment = name === '.text' ? CODE_ALIGNMENT : 1;
  }

  private get zone(): Zone {
    return this.zones.at(-1)!;
  }

  /** The position of the next piece. */
  get end(): Position {
    return { section: this, zone: this.zone, offset: this.zone.sizeBytes };
  }

  append(sizeBytes: number, piece: Piece): void {
    const { zone } = this;
    zone.pieces.push({ ...piece, offset: zone.sizeBytes, sizeBytes });
    zone.sizeBytes += sizeBytes;
  }

  appendVariable(piece: VariablePiece): void {
    this.zone.end = piece;
    this.zones.push(newZone());
  }

  /** Computes the offset of each zone from the current sizes. */
  place(): void {
    let offset = 0;
    for (const zone of this.zones) {
      zone.offset = offset;
      offset += zone.sizeBytes;
      if (!zone.end) continue;
      if (zone.end.pad) zone.end.sizeBytes = zone.end.pad(offset);
      offset += zone.end.sizeBytes;
    }
    this.sizeBytes = offset;
  }
}

/** The sections of a program, from the origin up. */
export class Layout {
  private readonly byName = new Map<string, Section>();
  constructor(
    private readonly origin: number,
    private readonly report: (line: SourceLine, error: StatementError) => void,
  ) {}

  /** The section with this name; created with the given kind at its first mention. */
  section(name: string, kind: SectionKind): Section {
    const section = this.byName.get(name) ?? new Section(name, kind);
    this.byName.set(name, section);
    return section;
  }

  /** Sections that are loaded, in the order of their addresses. */
  get sections(): Section[] {
    const loaded = [...this.byName.values()].filter(({ kind }) => kind.loaded);
    // .text.init comes first: without a loader, execution starts at the origin.
    const first = ({ name }: Section) => (name === '.text.init' ? 0 : 1);
    const rank = (section: Section) => groups.indexOf(section.kind.group) * 2 + first(section);
    return loaded.sort((a, b) => rank(a) - rank(b));
  }

  /** Sections of comments and debugging information; their addresses start at 0. */
  private get unloaded(): Section[] {
    return [...this.byName.values()].filter(({ kind }) => !kind.loaded);
  }

  /** Repeats placing and measuring until no size changes. */
  settle(scope: Scope): void {
    const rounds = 1000;
    let changed: VariablePiece | undefined;
    for (let round = 0; round < rounds; round++) {
      this.place();
      changed = this.measure(scope);
      if (!changed) return;
    }
    if (changed) this.report(changed.line, new StatementError('this size depends on itself', changed.column));
  }

  private place(): void {
    let address = this.origin;
    for (const section of this.sections) {
      section.place();
      const alignment = Math.max(SECTION_ALIGNMENT, section.alignment);
      address = Math.ceil(address / alignment) * alignment;
      section.address = address;
      address += section.sizeBytes;
    }
    for (const section of this.unloaded) section.place();
  }

  private *variables(): Generator<VariablePiece> {
    for (const { zones } of this.byName.values()) for (const { end } of zones) if (end?.measure) yield end;
  }

  /** Measures all pieces; gives one whose size changed. */
  private measure(scope: Scope): VariablePiece | undefined {
    let changed: VariablePiece | undefined;
    for (const piece of this.variables()) {
      const sizeBytes = this.sizeOf(piece, scope);
      if (sizeBytes !== piece.sizeBytes) changed = piece;
      piece.sizeBytes = sizeBytes;
    }
    return changed;
  }

  private sizeOf(piece: VariablePiece, scope: Scope): number {
    try {
      return piece.measure!(scope, piece.sizeBytes);
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      this.report(piece.line, error);
      // Reported once.
      delete piece.measure;
      return piece.sizeBytes;
    }
  }
}

/** The address of a position in the current layout, counted from its section. */
export function addressOf({ section, zone, offset }: Position): Value {
  return { value: BigInt(section.address + zone.offset + offset), base: section };
}
