//! The golden streams: a change here invalidates every recorded seed.

use turingos_draws::{Draws, FaultEdits, Seeds, Stream};

fn first_words(seed: u64, stream: Stream) -> [u64; 8] {
    let mut draws = Draws::new(seed, stream);
    core::array::from_fn(|_| draws.next_u64())
}

#[test]
fn raw_streams_are_golden() {
    let golden = GOLDEN;
    for (seed, stream, words) in golden {
        assert_eq!(first_words(seed, stream), words, "{seed} {stream:?}");
    }
}

#[test]
fn bounded_draws_are_golden() {
    let mut draws = Draws::new(42, Stream::Noise);
    let bounds = [1, 2, 6, 10, 100, 10_000, 0x8000_0001, u32::MAX];
    assert_eq!(bounds.map(|bound| draws.below(bound)), BOUNDED);
    assert_eq!(draws.drawn(), BOUNDED_DRAWN);
}

#[test]
fn bounded_draws_are_uniform() {
    let mut draws = Draws::new(7, Stream::Swarm);
    let mut met = [0_u32; 6];
    for _ in 0..6_000 {
        met[draws.below(6) as usize] += 1;
        let value = draws.range(10, 12);
        assert!((10..=12).contains(&value));
    }
    assert!(
        met.iter().all(|count| (850..1_150).contains(count)),
        "{met:?}"
    );
    assert_eq!(draws.range(5, 5), 5);
    assert_eq!(draws.range(9, 3), 9);
    assert_eq!(draws.below(0), 0);
    draws.range(0, u32::MAX);
}

#[test]
fn large_bound_is_uniform() {
    // With this bound nearly half of all words must be rejected.
    let mut draws = Draws::new(3, Stream::Clerk);
    let low = (0..10_000)
        .filter(|_| draws.below(0x8000_0001) < 0x4000_0000)
        .count();
    assert!((4_800..5_200).contains(&low), "{low}");
    assert!(
        (18_000..22_000).contains(&draws.drawn()),
        "{}",
        draws.drawn()
    );
}

#[test]
fn streams_are_independent() {
    for &busy in Stream::ALL {
        for quiet in Stream::ALL.iter().copied().filter(|stream| *stream != busy) {
            let mut busy = Draws::new(42, busy);
            let mut quiet_draws = Draws::new(42, quiet);
            let interleaved: [u64; 8] = core::array::from_fn(|index| {
                for _ in 0..index {
                    busy.next_u32();
                }
                quiet_draws.next_u64()
            });
            assert_eq!(interleaved, first_words(42, quiet));
        }
    }
}

#[test]
fn sequences_differ_by_key_and_stream() {
    let mut seen = std::collections::BTreeSet::new();
    for &stream in Stream::ALL {
        for key in 0..50 {
            assert!(seen.insert(Draws::keyed(1, stream, key).next_u64()));
        }
    }
}

#[test]
fn words_of_a_window_depend_on_its_number_alone() {
    let seeds = Seeds::of(42);
    let words = |draws: &mut Draws, tick: u64, count: u32| {
        draws.open(tick, tick);
        (0..count).map(|_| draws.next_u32()).collect::<Vec<_>>()
    };
    let mut lavish = Draws::windowed(&seeds, Stream::Noise);
    let mut frugal = Draws::windowed(&seeds, Stream::Noise);
    for tick in 0..40 {
        // More words than a window has, and then fewer.
        let taken = words(&mut lavish, tick, 20);
        let few = (tick % 3) as u32;
        assert_eq!(words(&mut frugal, tick, few)[..], taken[..few as usize]);
        // Opening the same window again does not go back to its beginning.
        assert_eq!(words(&mut frugal, tick, 1)[0], taken[few as usize]);
    }
    let mut late = Draws::windowed(&seeds, Stream::Noise);
    assert_eq!(words(&mut late, 31, 20), {
        let mut early = Draws::windowed(&seeds, Stream::Noise);
        words(&mut early, 30, 3);
        words(&mut early, 31, 20)
    });
    assert_eq!(lavish.drawn(), 800);
}

#[test]
fn window_opened_again_after_another_begins_anew() {
    let mut draws = Draws::windowed(&Seeds::of(7), Stream::Noise);
    draws.open(5, 5);
    let words = [draws.next_u32(), draws.next_u32()];
    draws.open(5, 5);
    let third = draws.next_u32();
    draws.open(6, 6);
    draws.open(5, 5);
    assert_eq!([draws.next_u32(), draws.next_u32()], words);
    assert_eq!(draws.next_u32(), third);
}

#[test]
fn later_seed_counts_from_its_tick_on() {
    let mut seeds = Seeds::of(42);
    seeds.change(5, 7);
    let word = |seeds: &Seeds, tick: u64| {
        let mut draws = Draws::windowed(seeds, Stream::Latency);
        for earlier in 0..=tick {
            draws.open(earlier, earlier);
        }
        draws.next_u32()
    };
    assert_eq!(word(&seeds, 4), word(&Seeds::of(42), 4));
    assert_eq!(word(&seeds, 5), word(&Seeds::of(7), 5));
    seeds.change(3, 9);
    assert_eq!(word(&seeds, 8), word(&Seeds::of(9), 8));
}

#[test]
fn fault_edits_keep_mute_and_add() {
    let mut edits = FaultEdits::default();
    assert!(edits.allow(3, 'a') && edits.added(3).is_none());
    edits.mute(3, 'a');
    assert!(!edits.allow(3, 'a') && edits.allow(4, 'a') && edits.allow(3, 'b'));
    edits.keep_only([(3, 'a'), (3, 'b'), (4, 'a')]);
    assert!(edits.allow(3, 'b') && !edits.allow(3, 'a') && !edits.allow(5, 'a'));
    edits.keep_only([(3, 'b'), (9, 'a')]);
    assert!(edits.allow(3, 'b') && !edits.allow(4, 'a') && !edits.allow(9, 'a'));
    edits.add(6, 'c');
    assert_eq!(edits.added(6), Some('c'));
    edits.mute(6, 'b');
    assert_eq!(edits.added(6), Some('c'));
    edits.mute(6, 'c');
    assert_eq!(edits.added(6), None);
    edits.add(7, 'c');
    edits.add(8, 'c');
    edits.keep_only([(8, 'c')]);
    assert_eq!((edits.added(7), edits.added(8)), (None, Some('c')));
}

const GOLDEN: [(u64, Stream, [u64; 8]); 4] = [
    (
        1,
        Stream::Mission,
        [
            0x8b67_f24f_4d9a_4f1e,
            0x4ddd_63d1_592d_9a13,
            0x220c_aa6e_11b8_fb30,
            0x3ae2_4a9e_4a78_e022,
            0xa9db_cbd8_3bf7_9dca,
            0x29ba_0291_b5c6_c3a9,
            0xdd50_4e1c_d10f_3531,
            0x890e_de00_8ad4_bc15,
        ],
    ),
    (
        1,
        Stream::Noise,
        [
            0x32dc_7485_54cc_2b30,
            0x018f_4b10_9dbf_66be,
            0xc0e8_83ab_8162_0065,
            0xf6ef_0bb4_eb0c_2eb2,
            0xd1ba_3ece_c491_18b2,
            0x83d9_15ec_1dde_980f,
            0x218e_5178_4a1e_36f9,
            0x47f3_8469_becb_d43f,
        ],
    ),
    (
        42,
        Stream::Mission,
        [
            0x74fb_7d86_35c0_399f,
            0xe1a3_45bb_a8e2_3fe1,
            0xffa2_f63c_9bfa_2caa,
            0xc044_1841_f481_0dbe,
            0x6425_5869_044a_08d1,
            0xea2a_cdb2_b9eb_d5c4,
            0xd450_0e93_ef1c_8228,
            0xbca3_d0ce_0fa6_7630,
        ],
    ),
    (
        42,
        Stream::Noise,
        [
            0xaf3c_c8a4_8d35_e878,
            0xb9ab_9155_9a83_1d97,
            0x8ef2_93d8_cb60_19e9,
            0x222d_c377_4b71_d150,
            0x2450_ef10_6785_4389,
            0x2b64_e1cf_5d74_94ee,
            0x5332_0134_b508_de88,
            0xeab4_6bae_9622_9234,
        ],
    ),
];

const BOUNDED: [u32; 8] = [0, 1, 3, 7, 79, 5583, 286712251, 1736786824];
const BOUNDED_DRAWN: u64 = 9;
