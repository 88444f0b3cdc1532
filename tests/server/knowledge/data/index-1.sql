-- What the first layout of the index left: two stores, a document half indexed, and a vector of each store.
CREATE TABLE documents (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  parent TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (kind, parent, id)
);
CREATE TABLE batch_members (
  batch_id TEXT NOT NULL, position INTEGER NOT NULL, vector_store_id TEXT NOT NULL, file_id TEXT NOT NULL,
  status TEXT NOT NULL,
  PRIMARY KEY (batch_id, position)
);
CREATE TABLE indexed_files (
        vector_store_id TEXT NOT NULL, file_id TEXT NOT NULL, filename TEXT NOT NULL, attributes TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        PRIMARY KEY (vector_store_id, file_id)
    ) WITHOUT ROWID;
CREATE TABLE chunks (
        id INTEGER PRIMARY KEY, vector_store_id TEXT NOT NULL, file_id TEXT NOT NULL, attempt INTEGER NOT NULL,
        position INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, text TEXT NOT NULL,
        folded TEXT NOT NULL, terms TEXT NOT NULL, store_key TEXT NOT NULL
    );
CREATE VIRTUAL TABLE chunk_words USING fts5(
        store_key, terms, content='chunks', content_rowid='id', tokenize='ascii');
CREATE VIRTUAL TABLE chunk_trigrams USING fts5(
        folded, content='chunks', content_rowid='id', tokenize='trigram case_sensitive 1');
CREATE VIRTUAL TABLE chunk_vocabulary USING fts5vocab(chunk_words, 'row');
CREATE TABLE chunk_totals (
        vector_store_id TEXT PRIMARY KEY, count INTEGER NOT NULL
    ) WITHOUT ROWID;
CREATE TABLE embeddings (
  model TEXT NOT NULL, hash BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (model, hash)
) WITHOUT ROWID;
CREATE TABLE chunk_embeddings (
  chunk_id INTEGER NOT NULL, model TEXT NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (chunk_id, model)
) WITHOUT ROWID;
CREATE INDEX documents_in_order ON documents (kind, parent, created_at, seq);
CREATE INDEX batches_of_file ON batch_members (vector_store_id, file_id);
CREATE INDEX entries_of_file ON documents (id) WHERE kind = 'vector_store.file';
CREATE INDEX entries_in_progress ON documents (seq)
  WHERE kind = 'vector_store.file' AND json_extract(body, '$.status') = 'in_progress';
CREATE INDEX files_by_expiry ON documents (json_extract(body, '$.expires_at')) WHERE kind = 'file';
CREATE INDEX stores_by_expiry ON documents (json_extract(body, '$.expires_at'))
  WHERE kind = 'vector_store';
CREATE UNIQUE INDEX chunks_of_file ON chunks (vector_store_id, file_id, attempt, position);
CREATE INDEX chunks_of_embedding ON chunk_embeddings (model, hash);
CREATE TRIGGER chunk_added AFTER INSERT ON chunks BEGIN
        INSERT INTO chunk_words (rowid, store_key, terms) VALUES (new.id, new.store_key, new.terms);
        INSERT INTO chunk_trigrams (rowid, folded) VALUES (new.id, new.folded);
    END;
CREATE TRIGGER chunk_removed AFTER DELETE ON chunks BEGIN
        INSERT INTO chunk_words (chunk_words, rowid, store_key, terms)
            VALUES ('delete', old.id, old.store_key, old.terms);
        INSERT INTO chunk_trigrams (chunk_trigrams, rowid, folded) VALUES ('delete', old.id, old.folded);
    END;
CREATE TRIGGER chunk_counted AFTER INSERT ON chunks BEGIN
        INSERT INTO chunk_totals VALUES (new.vector_store_id, 1)
            ON CONFLICT (vector_store_id) DO UPDATE SET count = count + 1;
    END;
CREATE TRIGGER chunk_discounted AFTER DELETE ON chunks BEGIN
        UPDATE chunk_totals SET count = count - 1 WHERE vector_store_id = old.vector_store_id;
        DELETE FROM chunk_totals WHERE vector_store_id = old.vector_store_id AND count = 0;
    END;
CREATE TRIGGER chunk_unembedded AFTER DELETE ON chunks BEGIN
  DELETE FROM chunk_embeddings WHERE chunk_id = old.id;
END;
CREATE TRIGGER embedding_unused AFTER DELETE ON chunk_embeddings BEGIN
  DELETE FROM embeddings WHERE model = old.model AND hash = old.hash AND NOT EXISTS (
    SELECT 1 FROM chunk_embeddings WHERE model = old.model AND hash = old.hash);
END;
INSERT INTO chunk_words (chunk_words, rank) VALUES ('rank', 'bm25(0.0, 1.0)');
INSERT INTO indexed_files VALUES ('vs_A', 'file-1', 'file-1.md', '{"a": 1}', 7);
INSERT INTO indexed_files VALUES ('vs_B', 'file-2', 'file-2.md', '{"a": 1}', 7);
INSERT INTO chunks VALUES (1, 'vs_A', 'file-1', 7, 0, 0, 440, 'The quick brown fox.

jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. ', 'the quick brown fox. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs.', 'the quick brown fox jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog', 'vsa');
INSERT INTO chunks VALUES (2, 'vs_A', 'file-1', 7, 1, 440, 681, 'jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs.', 'jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs. jumps over lazy dogs.', 'jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog jump over lazy dog', 'vsa');
INSERT INTO chunks VALUES (3, 'vs_B', 'file-2', 7, 0, 0, 17, '도서관 대출 기간은 14일이다.', '도서관 대출 기간은 14일이다.', '도서 서관 관 대출 출 기간 간은 은 14 일이 이다 다', 'vsb');
INSERT INTO chunks VALUES (4, 'vs_A', 'file-3', 8, 0, 0, 22, 'An unfinished attempt.', 'an unfinished attempt.', 'an unfinished attempt', 'vsa');
INSERT INTO embeddings VALUES ('m', X'01', X'0000803F');
INSERT INTO embeddings VALUES ('m', X'03', X'0000803F');
INSERT INTO chunk_embeddings VALUES (1, 'm', X'01');
INSERT INTO chunk_embeddings VALUES (3, 'm', X'03');
PRAGMA user_version = 1;
