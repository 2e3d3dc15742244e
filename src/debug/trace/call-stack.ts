/** Call stacks of a guest, followed instruction by instruction, and how many instructions each executed. */
import type { ProgramSymbols } from './program-symbols.ts';

/** A function as it was reached by one chain of calls, with the instructions executed there. */
export interface CallNode {
  name: string;
  parent: CallNode | undefined;
  children: Map<string, CallNode>;
  /** How many nodes are above it. */
  depth: number;
  /** Steps in the function itself. */
  steps: number;
}

/** A call, or a trap, that has not returned. */
interface Frame {
  node: CallNode;
  /** Where the caller goes on, and its stack pointer there: as numbers, exact for addresses of Sv39. */
  returnsTo: number;
  sp: number;
  isTrap: boolean;
}

/** A stack that was left without returning, as an operating system does to switch threads. */
type Stack = Frame[];

/** The most stacks that are kept besides the present one: the guest's threads that do not run. */
const MAX_STACKS = 256;
/**
 * The deepest stack: in a guest that never returns it would grow for ever. What is called from there is shown
 * there.
 */
const MAX_DEPTH = 1000;
/**
 * How far the address at which a trap returns may be from where it was taken: an `ecall` returns behind
 * itself.
 */
const RETRY_BYTES = 4;

const newNode = (name: string, parent: CallNode | undefined): CallNode => ({
  name,
  parent,
  children: new Map(),
  depth: parent ? parent.depth + 1 : 0,
  steps: 0,
});

/**
 * The shadow stack. A return pops the call that goes on there with the same stack pointer, which the calling
 * convention keeps (RISC-V ELF psABI, "Integer Calling Convention"). When no call of this stack does, it is
 * looked for on the stacks that were left before: the guest has switched threads. The function that executes
 * is right in any case: it is the one that contains the instruction; a wrong guess shows it below others.
 */
export class CallStacks {
  readonly root = newNode('', undefined);
  private stack: Stack = [];
  private others: Stack[] = [];
  /** The node of the function that executes instructions now. */
  node = this.root;

  constructor(private readonly symbols: ProgramSymbols) {}

  /** The function at an address; undefined without a symbol. */
  private nameOf(pc: bigint): string | undefined {
    return this.symbols.symbolAt(pc);
  }

  private child(parent: CallNode, name: string): CallNode {
    const of = parent.depth < MAX_DEPTH ? parent : parent.parent!;
    const known = of.children.get(name);
    if (known) return known;
    const made = newNode(name, of);
    of.children.set(name, made);
    return made;
  }

  /** The node whose child the present function is. */
  private get caller(): CallNode {
    return this.node.parent ?? this.root;
  }

  /** The next instruction is at `pc`: perhaps in another function, without a call. */
  at(pc: bigint): void {
    const name = this.nameOf(pc);
    if (this.node === this.root) this.node = this.child(this.root, name ?? addressName(pc));
    else if (name !== undefined && name !== this.node.name) this.node = this.child(this.caller, name);
  }

  /** A call to `pc`, from which the caller goes on at `returnsTo`. */
  call(pc: bigint, returnsTo: number, sp: number): void {
    this.push({ node: this.node, returnsTo, sp, isTrap: false });
    this.node = this.child(this.node, this.nameOf(pc) ?? addressName(pc));
  }

  /** A trap to `pc`, which is named by its cause. */
  trap(pc: bigint, cause: string, returnsTo: number, sp: number): void {
    this.push({ node: this.node, returnsTo, sp, isTrap: true });
    const below = this.child(this.node, `[${cause}]`);
    this.node = this.child(below, this.nameOf(pc) ?? addressName(pc));
  }

  private push(frame: Frame): void {
    if (this.stack.length >= MAX_DEPTH) this.stack.splice(0, this.stack.length - MAX_DEPTH / 2);
    this.stack.push(frame);
  }

  /** A function returns to `pc`. */
  return(pc: bigint, sp: number): void {
    const to = numberOf(pc);
    const returnsThere = (frame: Frame) => !frame.isTrap && frame.returnsTo === to;
    if (this.resume((frame) => returnsThere(frame) && frame.sp === sp)) return;
    // Compilers call routines that save registers, which return with another stack pointer.
    const top = this.stack.at(-1);
    if (top && returnsThere(top)) {
      this.popTo(this.stack, (frame) => frame === top);
      return;
    }
    // A jump out of several functions, as longjmp.
    const name = this.nameOf(pc);
    if (!this.popTo(this.stack, (frame) => frame.sp === sp && frame.node.name === name)) this.abandon();
  }

  /** A trap handler returns to `pc`. */
  trapReturn(pc: bigint, sp: number): void {
    const to = numberOf(pc);
    const isIt = ({ isTrap, returnsTo, sp: before }: Frame) =>
      isTrap && before === sp && to >= returnsTo && to <= returnsTo + RETRY_BYTES;
    if (!this.resume(isIt)) this.abandon();
  }

  /** Goes back to a frame of this stack, or of another one; returns false when there is no such frame. */
  private resume(isIt: (frame: Frame) => boolean): boolean {
    if (this.popTo(this.stack, isIt)) return true;
    for (let index = this.others.length - 1; index >= 0; index--) {
      const other = this.others[index]!;
      if (!other.some(isIt)) continue;
      this.others.splice(index, 1);
      this.keep();
      this.stack = other;
      return this.popTo(other, isIt);
    }
    return false;
  }

  /** Nobody has been seen to call: it is the stack of a new thread, or one from before the profile began. */
  private abandon(): void {
    this.keep();
    this.stack = [];
    this.node = this.root;
  }

  private keep(): void {
    if (this.stack.length === 0) return;
    this.others.push(this.stack);
    if (this.others.length > MAX_STACKS) this.others.shift();
  }

  private popTo(stack: Stack, isIt: (frame: Frame) => boolean): boolean {
    const at = stack.findLastIndex(isIt);
    if (at < 0) return false;
    this.node = stack[at]!.node;
    stack.length = at;
    return true;
  }
}

/** An address as a number: exact for those of Sv39, with the upper half below 0. */
export const numberOf = (address: bigint): number => Number(BigInt.asIntN(64, address));

const addressName = (pc: bigint): string => `0x${pc.toString(16)}`;
