"""The sum over sets of causes for many patients, compiled by numba; `prepare` makes its arrays.

Sets are split in two, into the causes of the first conditions (high) and those of the others (low), because the log
probability that a noisy OR is no is linear: P(no | s) = high[s_high] * low[s_low]. So an answer no multiplies two short
vectors. Any other answer to a noisy OR, and all that is read of a sign, is a + b * high * low for two numbers a and b,
which stay in the innermost cache. Given the joint state of its signs, so is an answer about a cluster of these. Other
rules have whole tables. Each high part goes with the first so many low parts: with all of them where any number of
causes may come together, else with those that are small enough beside it. Everything is in float64.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.inference.enumeration.compiled.part_program import PartProgram, PartWeights
from bayesknee.inference.enumeration.compiled.risk_factors import RiskFactorProgram, Weights
from bayesknee.inference.jit import Index, compiled

# Natural log of the least likelihood up to which answers are multiplied as they are. A float holds e^-708, so e^-108 is
# left for the prior of sets that no answer rules out: even of all 14 conditions that are taken here, at 4e-4 each.
# The tables of one patient have -400, as they take 20 conditions. Nearer to 0, more patients take the slower way below.
LOWEST_PRODUCT = -600.0
SEGMENT = 300.0  # log by which a product may fall before its exponents are put aside
NOTHING_LEFT = -(1 << 40)  # the exponent of zero
LEAST_EXPONENT = -1100  # of two: below -1074 a float is 0, and an exponent that is much lower fits no integer of C

SKIPPED, NOISY_OR, READING, WHOLE, OF_SIGNS, OF_SIGNS_AND_CAUSES, WHOLE_BY_SIGNS = range(7)


class Tables(NamedTuple):
    """The tables from which the likelihoods of answers are computed.

    Attributes:
        rule: of each question, one of the constants above; risk factors are skipped. The last three are of findings
            in clusters.
        place: of each question, a row of `high` and `low`, the number of its sign, or its first row of `whole`.
        likelihoods: P(answer | no) and P(answer | yes) of what the question depends on, for each way of answering it,
            shape (questions, ways, 2); used for noisy ORs and readings.
        lowest: log of a lower bound of P(answer | s), shape (questions, ways).
        starts: where the sets of each high part begin, and where the last end, shape (high parts + 1,).
        high: of P(no | s) for noisy ORs and then signs, shape (these, high parts).
        low: the other part.
        first_sign: the row of the first sign in `high` and `low`.
        whole: P(answer | s) of other rules, shape (rows, sets); in clusters, by way and joint state.
        cluster: of each question, the number of its cluster.
        joint: P(joint state of the signs | s) of each cluster, shape (joint states of all clusters, sets).
        first_joint: the first row of each cluster, and the end of the last.
        by_signs: a and b of an answer about a cluster, shape (questions, ways, joint states, 2).
        start: what is known of all patients, shape (sets,), the largest of it 1.
        start_lowest: log of the smallest of it that is not 0.
        start_signs: the same for the signs, P(readings | no sign) and P(readings | sign), shape (signs, 2).
    """

    rule: Index
    place: Index
    likelihoods: Vector
    lowest: Vector
    starts: Index
    high: Vector
    low: Vector
    first_sign: int
    whole: Vector
    cluster: Index
    joint: Vector
    first_joint: Index
    by_signs: Vector
    start: Vector
    start_lowest: float
    start_signs: Vector


class Sums(NamedTuple):
    """The sums over subsets to compute.

    Attributes:
        high_bits: 1.0 where a high part holds a condition, shape (its conditions, high length).
        low_bits: the same of the low part.
        high_none: by group, whether a high part holds no member, shape (groups, high length).
        low_none: 1.0 where a low part holds no member, shape (groups, low length).
    """

    high_bits: Vector
    low_bits: Vector
    high_none: NDArray[np.bool_]
    low_none: Vector


class CodedPatients(NamedTuple):
    """Patients, ordered so that those with the same answers about risk factors are side by side.

    Attributes:
        order: their numbers.
        pattern: what they know of risk factors other than the common ones, by row of `Weights.shared`.
        common: what they know of the common ones, by row of `Weights.common`.
    """

    order: Index
    pattern: Index
    common: Index


@compiled
def prepare(  # noqa: PLR0913, PLR0917 (compiled code takes plain arguments)
    program: RiskFactorProgram, weights: Weights, pattern: int, states: Index, work: Vector, last: Vector
) -> None:
    """The tables before the last product, for some common states.

    Args:
        program: what to do.
        weights: what is known of risk factors.
        pattern: which row of these.
        states: the common states.
        work: room for the rows, shape (program.rows, common states).
        last: the result, the smaller table and then the larger one, shape (common states, rows of both).
    """
    count = len(states)
    work[0, :count] = 1.0
    work[program.common_at, :count] = weights.scale[pattern]
    for i in range(len(program.weights_at)):
        work[program.weights_at[i], :count] = weights.shared[pattern, i]
    for table in range(len(program.tables_at)):
        start, all_states = weights.table_of[pattern, table], work.shape[1]
        for row in range(program.table_rows[table]):
            target = work[program.tables_at[table] + row]
            source = weights.tables[start + row * all_states : start + (row + 1) * all_states]
            for k in range(count):
                target[k] = source[states[k]]
    run(program.products, work, count)
    for i in range(len(program.last)):
        source = work[program.last[i]]
        for k in range(count):
            last[k, i] = source[k]


@compiled
def run(products: Index, work: Vector, count: int) -> None:
    """Computes all products of rows."""
    for i in range(len(products)):
        out, a, b, c = work[products[i, 0]], work[products[i, 1]], work[products[i, 2]], work[products[i, 3]]
        if products[i, 4]:
            for k in range(count):
                out[k] = a[k] * b[k] * c[k]
        else:
            for k in range(count):
                out[k] += a[k] * b[k] * c[k]


@compiled
def multiply(common: Vector, states: Index, last: Vector, smaller: int, out: Vector) -> None:
    """The last product: each row of the smaller table times each of the larger, summed over the common states.

    Args:
        common: the weights of all common states.
        states: those of them that `last` has.
        last: the two tables, see `prepare`.
        smaller: how many rows the smaller table has.
        out: shape (2**n,).
    """
    length = last.shape[1] - smaller
    out[:] = 0.0
    possible = np.empty(len(states), np.int64)
    count = 0
    for k in range(len(states)):
        if common[states[k]] > 0.0:
            possible[count] = k
            count += 1
    for k in range(0, count - count % 4, 4):  # four at a time, for less traffic
        k0, k1, k2, k3 = possible[k], possible[k + 1], possible[k + 2], possible[k + 3]
        a, b, c, d = last[k0, smaller:], last[k1, smaller:], last[k2, smaller:], last[k3, smaller:]
        for i in range(smaller):
            part = out[i * length : (i + 1) * length]
            wa, wb = common[states[k0]] * last[k0, i], common[states[k1]] * last[k1, i]
            wc, wd = common[states[k2]] * last[k2, i], common[states[k3]] * last[k3, i]
            for j in range(length):
                part[j] += wa * a[j] + wb * b[j] + wc * c[j] + wd * d[j]
    for k in range(count - count % 4, count):
        own = last[possible[k], smaller:]
        for i in range(smaller):
            part = out[i * length : (i + 1) * length]
            weight = common[states[possible[k]]] * last[possible[k], i]
            for j in range(length):
                part[j] += weight * own[j]


@compiled
def possible_states(common: Vector, common_of: Index) -> Index:
    """The common states that any of these patients can be in."""
    possible = np.zeros(common.shape[1], np.bool_)
    for i in range(len(common_of)):
        if i == 0 or common_of[i] != common_of[i - 1]:
            possible |= common[common_of[i]] > 0.0
    return np.flatnonzero(possible)


@compiled
def posteriors(  # noqa: PLR0913, PLR0917
    program: RiskFactorProgram,
    weights: Weights,
    tables: Tables,
    sums: Sums,
    ways: NDArray[np.int8],
    patients: CodedPatients,
    out: Vector,
) -> None:
    """The posteriors of some patients.

    Args:
        program: how to sum risk factors out.
        weights: what is known of them.
        tables: the likelihoods of answers.
        sums: what is wanted.
        patients: which patients.
        ways: how each question is answered, -1 for not known, shape (all patients, questions).
        out: log P(e), then a column for each condition of `Joints.order` and each group, shape (all patients, 1 +
            these).
    """
    prior = np.empty(len(tables.start))
    work = np.empty((program.rows, weights.common.shape[1]))
    last = np.empty((weights.common.shape[1], len(program.last)))
    room = make_room(tables, ways)
    order, pattern, common = patients.order, patients.pattern, patients.common
    states = order[:0]
    for i in range(len(order)):
        new = i == 0 or pattern[i] != pattern[i - 1]
        if new:
            stop = i + 1
            while stop < len(order) and pattern[stop] == pattern[i]:
                stop += 1
            states = possible_states(weights.common, common[i:stop])
            prepare(program, weights, pattern[i], states, work, last)
        if new or common[i] != common[i - 1]:
            multiply(weights.common[common[i]], states, last, program.smaller, prior)
            for s in range(len(prior)):
                prior[s] *= tables.start[s]
        room.product[:] = prior
        log_scale = likelihood(tables, ways[order[i]], room)
        summed(tables.starts, sums, room.product, log_scale, out[order[i]])


@compiled
def posteriors_by_parts(  # noqa: PLR0913, PLR0917
    program: PartProgram,
    weights: PartWeights,
    tables: Tables,
    sums: Sums,
    ways: NDArray[np.int8],
    patients: CodedPatients,
    out: Vector,
) -> None:
    """As `posteriors`, with risk factors summed out by parts."""
    prior, states = np.empty(len(tables.start)), np.empty(weights.cutset.shape[1], np.int64)
    first = np.empty((program.first.shape[1], weights.cutset.shape[1]))
    second = np.empty((program.second.shape[1], weights.cutset.shape[1]))
    of_conditions = np.empty(len(program.first_of))
    room = make_room(tables, ways)
    order, pattern = patients.order, patients.pattern
    for i in range(len(order)):
        if i == 0 or pattern[i] != pattern[i - 1]:
            own = pattern[i]
            cutset = weights.cutset[weights.cutset_of[own]]
            count = 0
            for k in range(len(cutset)):
                if cutset[k] > 0.0:
                    states[count] = k
                    count += 1
            firsts = len(program.first)
            multiply_messages(program.first, weights, weights.message_of[own, :firsts], states[:count], first)
            multiply_messages(program.second, weights, weights.message_of[own, firsts:], states[:count], second)
            for k in range(count):
                for c in range(len(first)):
                    first[c, k] *= cutset[states[k]] * weights.scale[own]
            for c in range(len(of_conditions)):
                of_conditions[c] = dot(first[program.first_of[c], :count], second[program.second_of[c], :count])
            for s in range(len(prior)):
                prior[s] = of_conditions[program.conditions_of[s]] * program.share[s] * tables.start[s]
        room.product[:] = prior
        log_scale = likelihood(tables, ways[order[i]], room)
        summed(tables.starts, sums, room.product, log_scale, out[order[i]])


@compiled
def multiply_messages(places: Index, weights: PartWeights, starts: Index, states: Index, out: Vector) -> None:
    """The product of the messages of a side, into `out`, shape (sets of the side, states).

    Args:
        places: by part, which of its sets goes with each set of the side.
        weights: the messages.
        starts: where each begins.
        states: those of the cutset that are possible.
        out: the result, in its first columns.
    """
    out[:, : len(states)] = 1.0
    length = weights.cutset.shape[1]
    for part in range(len(places)):
        for c in range(len(out)):
            start = starts[part] + places[part, c] * length
            for k in range(len(states)):
                out[c, k] *= weights.messages[start + states[k]]


class Room(NamedTuple):
    """Room for what is made of one patient, taken once for many.

    Attributes:
        product: the weights, shape (sets,).
        exponents: as many numbers.
        factors: a and b of each question and sign, shape (these, 2).
        rows: a number for each of these.
        asked: a number for each question.
        terms: two rows, each as long as the low parts.
    """

    product: Vector
    exponents: Index
    factors: Vector
    rows: Index
    asked: Index
    terms: Vector


@compiled
def make_room(tables: Tables, ways: NDArray[np.int8]) -> Room:
    """Room for patients with as many questions as `ways` has columns."""
    size, questions = len(tables.start), ways.shape[1]
    count = questions + len(tables.start_signs)
    return Room(
        np.empty(size),
        np.empty(size, np.int64),
        np.empty((count, 2)),
        np.empty(count, np.int64),
        np.empty(questions, np.int64),
        np.empty((2, tables.low.shape[1])),
    )


@compiled
def likelihood(tables: Tables, ways: NDArray[np.int8], room: Room) -> float:
    """Multiplies `room.product` with the likelihood of all answers; returns the log of what it lacks.

    Args:
        tables: what likelihoods are made of.
        ways: how each question is answered.
        room: with the prior as its product.
    """
    high, low = np.ones(tables.high.shape[1]), np.ones(tables.low.shape[1])
    signs = tables.start_signs.copy()
    gentle = lowest_log(tables, ways) > LOWEST_PRODUCT
    factors, rows = room.factors, room.rows
    count = whole = asked = 0
    for question in np.flatnonzero(ways >= 0):
        way, rule, place = ways[question], tables.rule[question], tables.place[question]
        no, yes = tables.likelihoods[question, way, 0], tables.likelihoods[question, way, 1]
        if rule >= OF_SIGNS:
            room.asked[asked] = question
            asked += 1
        elif rule == READING:
            signs[place, 0] *= no
            signs[place, 1] *= yes
        elif rule == WHOLE:
            whole += 1
            rows[len(rows) - whole] = place + way
        elif rule == NOISY_OR and gentle and yes == 0.0:
            high *= tables.high[place]
            low *= tables.low[place]
        elif rule == NOISY_OR:
            factors[count, 0], factors[count, 1], rows[count] = yes, no - yes, place
            count += 1
    count = add_signs(signs, tables.first_sign, count, factors, rows)
    own, others = rows[:count], rows[len(rows) - whole :]
    if gentle:
        multiply_all(tables, high, low, room.product, factors[:count], own, others)
        multiply_clusters(tables, ways, room.asked[:asked], room)
        return 0.0
    room.exponents[:] = 0
    put_aside(room.product, room.exponents)
    multiply_with_exponents(tables, room.product, room.exponents, factors[:count], own, others)
    for i in range(asked):
        if is_first_of_cluster(tables, room.asked, i):
            multiply_cluster(tables, ways, room.asked[i:asked], room)
            put_aside(room.product, room.exponents)
    return put_together(room.product, room.exponents)


@compiled
def multiply_clusters(tables: Tables, ways: NDArray[np.int8], asked: Index, room: Room) -> None:
    """Multiplies the product with what is known of each cluster of signs; `asked` are the questions answered."""
    for i in range(len(asked)):
        if is_first_of_cluster(tables, asked, i):
            multiply_cluster(tables, ways, asked[i:], room)


@compiled
def is_first_of_cluster(tables: Tables, asked: Index, place: int) -> bool:
    """Whether no question before this one is of the same cluster."""
    return not (tables.cluster[asked[:place]] == tables.cluster[asked[place]]).any()


@compiled
def multiply_cluster(tables: Tables, ways: NDArray[np.int8], asked: Index, room: Room) -> None:
    """Multiplies the product with what is known of the cluster of the first of these questions.

    That is the sum over the joint states of its signs, worked out for one high part at a time.
    """
    cluster = tables.cluster[asked[0]]
    own = asked[tables.cluster[asked] == cluster]
    total, term = room.terms[0], room.terms[1]
    for h in range(len(tables.starts) - 1):
        length = tables.starts[h + 1] - tables.starts[h]
        total[:length] = 0.0
        for state in range(tables.first_joint[cluster + 1] - tables.first_joint[cluster]):
            multiply_given_signs(tables, ways, own, h, state, term[:length])
            for j in range(length):
                total[j] += term[j]
        part = room.product[tables.starts[h] : tables.starts[h + 1]]
        for j in range(length):
            part[j] *= total[j]


@compiled
def multiply_given_signs(  # noqa: PLR0913, PLR0917
    tables: Tables, ways: NDArray[np.int8], asked: Index, high: int, state: int, term: Vector
) -> None:
    """P(state of the signs, answers | s) for the sets of one high part, into `term`."""
    cluster, start, scale = tables.cluster[asked[0]], tables.starts[high], 1.0
    for question in asked:
        if tables.rule[question] == OF_SIGNS:
            scale *= tables.by_signs[question, ways[question], state, 0]
    joint = tables.joint[tables.first_joint[cluster] + state, start : start + len(term)]
    for j in range(len(term)):
        term[j] = scale * joint[j]
    states = tables.first_joint[cluster + 1] - tables.first_joint[cluster]
    for question in asked:
        way, place, rule = ways[question], tables.place[question], tables.rule[question]
        if rule == WHOLE_BY_SIGNS:
            own = tables.whole[place + way * states + state, start : start + len(term)]
            for j in range(len(term)):
                term[j] *= own[j]
        elif rule == OF_SIGNS_AND_CAUSES:
            a, low = tables.by_signs[question, way, state, 0], tables.low[place]
            b = tables.by_signs[question, way, state, 1] * tables.high[place, high]
            for j in range(len(term)):
                term[j] *= a + b * low[j]


@compiled
def lowest_log(tables: Tables, ways: NDArray[np.int8]) -> float:
    """Log of a lower bound of the likelihood of all answers, and of what is known of all patients."""
    bound = tables.start_lowest
    for question in range(len(ways)):
        if ways[question] >= 0:
            bound += tables.lowest[question, ways[question]]
    return bound


@compiled
def add_signs(signs: Vector, first: int, count: int, factors: Vector, rows: Index) -> int:
    """Puts a factor for each sign of which anything is read behind the first `count`; returns how many there are."""
    for sign in range(len(signs)):
        no, yes = signs[sign, 0], signs[sign, 1]
        if no != 1.0 or yes != 1.0:
            factors[count, 0], factors[count, 1], rows[count] = yes, no - yes, first + sign
            count += 1
    return count


@compiled
def multiply_all(  # noqa: PLR0913, PLR0917
    tables: Tables, high: Vector, low: Vector, product: Vector, factors: Vector, rows: Index, whole: Index
) -> None:
    """Multiplies the product with all factors, a high part after the other."""
    for h in range(len(high)):
        part = product[tables.starts[h] : tables.starts[h + 1]]
        for j in range(len(part)):
            part[j] *= high[h] * low[j]
        for f in range(len(rows)):
            a, b, own = factors[f, 0], factors[f, 1] * tables.high[rows[f], h], tables.low[rows[f]]
            for j in range(len(part)):
                part[j] *= a + b * own[j]
    for f in range(len(whole)):
        own = tables.whole[whole[f]]
        for s in range(len(product)):
            product[s] *= own[s]


@compiled
def multiply_with_exponents(  # noqa: PLR0913, PLR0917
    tables: Tables, product: Vector, exponents: Index, factors: Vector, rows: Index, whole: Index
) -> None:
    """As `multiply_all`, for so many answers that the product might underflow: exponents are put aside as it goes."""
    nothing, fallen = np.ones(0, np.int64), 0.0
    ones_high, ones_low = np.ones(tables.high.shape[1]), np.ones(tables.low.shape[1])
    for f in range(len(rows) + len(whole)):
        if f < len(rows):
            multiply_all(tables, ones_high, ones_low, product, factors[f : f + 1], rows[f : f + 1], nothing)
            a, b, own_high, own_low = factors[f, 0], factors[f, 1], tables.high[rows[f]], tables.low[rows[f]]
            least = min(a + b * own_high.min() * own_low.min(), a + b * own_high.max() * own_low.max())
        else:
            own = whole[f - len(rows) : f - len(rows) + 1]
            multiply_all(tables, ones_high, ones_low, product, factors[:0], rows[:0], own)
            least = tables.whole[own[0]].min()
        fallen -= math.log(least) if least > 0.0 else SEGMENT
        if fallen > SEGMENT:
            put_aside(product, exponents)
            fallen = 0.0
    put_aside(product, exponents)


@compiled
def put_together(product: Vector, exponents: Index) -> float:
    """Brings the exponents back into the product, but for the largest; returns the log of that."""
    top = exponents.max()
    if top == NOTHING_LEFT:
        return 0.0
    for s in range(len(product)):
        product[s] = math.ldexp(product[s], max(exponents[s] - top, LEAST_EXPONENT))
    return float(top) * math.log(2.0)


@compiled
def put_aside(product: Vector, exponents: Index) -> None:
    """Leaves the mantissas in the product and adds the exponents to those put aside before."""
    for s in range(len(product)):
        mantissa, exponent = math.frexp(product[s])
        product[s] = mantissa
        exponents[s] = exponents[s] + exponent if mantissa > 0.0 else NOTHING_LEFT


@compiled
def dot(first: Vector, second: Vector) -> float:
    """The scalar product of two vectors."""
    total = 0.0
    for i in range(len(first)):
        total += first[i] * second[i]
    return total


@compiled
def summed(starts: Index, sums: Sums, product: Vector, log_scale: float, out: Vector) -> None:
    """log P(e), P(c | e) and P(at least one | e), into `out`; minus infinity and NaN where nothing is possible."""
    length = sums.low_bits.shape[1]
    low, high, none = np.zeros(length), np.zeros(sums.high_bits.shape[1]), np.zeros(len(sums.low_none))
    total = 0.0
    for h in range(len(high)):
        part = product[starts[h] : starts[h + 1]]
        own = 0.0  # a sum in memory would not be vectorised
        for j in range(len(part)):
            own += part[j]
        for j in range(len(part)):
            low[j] += part[j]
        high[h] = own
        total += own
        for g in range(len(none)):
            if sums.high_none[g, h]:
                none[g] += dot(part, sums.low_none[g])
    out[0] = math.log(total) + log_scale if total > 0.0 else -np.inf
    scale = 1.0 / total if total > 0.0 else np.nan
    n_high, n = len(sums.high_bits), len(sums.high_bits) + len(sums.low_bits)
    for c in range(n):
        sum_of = dot(high, sums.high_bits[c]) if c < n_high else dot(low, sums.low_bits[c - n_high])
        out[1 + c] = min(sum_of * scale, 1.0)
    for g in range(len(none)):
        out[1 + n + g] = max((total - none[g]) * scale, 0.0)
