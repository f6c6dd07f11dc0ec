-- Tags of machines and environments, which queries name; rules with the state of each of their series; SLOs.

ALTER TABLE machines ADD tags text[] NOT NULL DEFAULT '{}';
ALTER TABLE environments ADD tags text[] NOT NULL DEFAULT '{}';
