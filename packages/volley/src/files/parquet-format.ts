import { allowedByStatistics, columnRanges } from './parquet/row-group-statistics.ts'
import { corrupt, openParquet, withParquet } from './parquet/parquet-file.ts'
import { RowGroupReader } from './parquet/row-group-reader.ts'
import { typeOf } from './parquet/parquet-types.ts'
import { Field } from 'apache-arrow'
import { parquetSchema } from 'hyparquet'
import type { FileFormat } from './file-format.ts'

/** Apache Parquet: metadata and rare encodings by hyparquet, flat columns straight into vectors. */
export const parquetFormat: FileFormat = {
  fields: (path) =>
    withParquet(path, ({ metadata }) =>
      parquetSchema(metadata).children.map(
        (tree) => new Field(tree.element.name, typeOf(tree), tree.element.repetition_type !== 'REQUIRED'),
      ),
    ),

  columnRanges: (path) => withParquet(path, ({ metadata }) => columnRanges(metadata)),

  parts: (path) =>
    withParquet(path, ({ metadata }) =>
      metadata.row_groups.map((group, part) => ({
        path,
        part,
        rows: Number(group.num_rows),
        bytes: Number(group.total_byte_size),
      })),
    ),

  ranges: true,

  async *read(request) {
    const file = await openParquet(request.path)
    try {
      const groups = request.part === null ? file.metadata.row_groups.map((_, i) => i) : [request.part]
      const columns = request.wanted.map((i) => request.fields[i]!)
      for (const group of groups) {
        request.signal?.throwIfAborted()
        if (!allowedByStatistics(file.metadata, group, columns, request.filters)) continue
        yield await RowGroupReader.open(file, group, columns)
      }
    } catch (error) {
      throw corrupt(error, request.path)
    } finally {
      await file.close()
    }
  },
}
