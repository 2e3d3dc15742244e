/** What a timeline consists of, as plain data: marks for the canvas, and texts above it. All in CSS pixels. */

/** The colours, by meaning. */
export type Ink =
  | 'ink'
  | 'dim'
  | 'line'
  | 'grid'
  | 'live'
  | 'follow'
  | 'live-fill'
  | 'follow-fill'
  | 'held'
  | 'out'
  | 'fault'
  | 'fault-fill'
  | 'storage'
  | 'storage-fill'
  | 'ack';

/** A mark. */
export type Mark =
  | { shape: 'rect'; x: number; y: number; width: number; height: number; fill: Ink }
  | {
      shape: 'box';
      x: number;
      y: number;
      width: number;
      height: number;
      fill?: Ink;
      stroke: Ink;
      dashed?: boolean;
    }
  | { shape: 'hatch'; x: number; y: number; width: number; height: number }
  | {
      shape: 'line';
      points: readonly (readonly [number, number])[];
      stroke: Ink;
      width: number;
      dashed?: boolean;
    }
  | {
      shape: 'arrow';
      from: readonly [number, number];
      to: readonly [number, number];
      stroke: Ink;
      dashed?: boolean;
    }
  | { shape: 'cross'; x: number; y: number; stroke: Ink }
  | { shape: 'dot'; x: number; y: number; fill: Ink };

/** A text. `y` is its middle. */
export interface Label {
  x: number;
  y: number;
  text: string;
  anchor: 'start' | 'middle' | 'end';
  ink: Ink;
  strong?: boolean;
  mono?: boolean;
  /** It is cut at this width. */
  maxWidth?: number;
}

/** A row of the timeline. */
export interface Lane {
  name: string;
  kind: 'console' | 'host' | 'storage' | 'lag' | 'channel';
  y: number;
  height: number;
}

/** A timeline, laid out. */
export interface Drawing {
  width: number;
  height: number;
  /** Where time begins, and ends. */
  left: number;
  right: number;
  lanes: Lane[];
  marks: Mark[];
  labels: Label[];
}
